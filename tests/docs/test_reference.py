"""The reference describes every public name and every event."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.support.source import PACKAGE, ROOT
from unitwork.base.event_arguments import ARGUMENTS
from unitwork.engine.pool import POOL_EVENTS
from unitwork.engine.watch import ENGINE_EVENTS
from unitwork.instrument.install import ATTRIBUTE_EVENTS, CLASS_EVENTS
from unitwork.session.core import SESSION_EVENTS
from unitwork.sql.ddl import EVENTS as TABLE_EVENTS

REFERENCE = ROOT / "docs" / "reference"
TEXT = "\n".join(path.read_text("utf-8") for path in sorted(REFERENCE.glob("*.md")))
#: Faces that only give names of other faces again.
OTHER_PATHS = ["unitwork.orm.collections", "unitwork.orm.exc", "unitwork.orm.session"]
EVENTS = {*ENGINE_EVENTS, *POOL_EVENTS, *SESSION_EVENTS, *CLASS_EVENTS, *ATTRIBUTE_EVENTS, *TABLE_EVENTS}


def faces() -> list[str]:
    """The modules whose names are public: those outside the layers."""
    paths = [*PACKAGE.glob("*.py"), *(PACKAGE / "orm").glob("*.py"), PACKAGE / "engine" / "__init__.py"]
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    return sorted({name.removesuffix(".__init__") for name in names} - {"unitwork.inspection"})


@pytest.mark.parametrize("face", [face for face in faces() if face not in OTHER_PATHS])
def test_every_face_has_a_page(face: str) -> None:
    """A page goes through the module; what is no class and no function is described by hand."""
    module = importlib.import_module(face)
    by_hand = [name for name in module.__all__ if not callable(getattr(module, name)) or name == "func"]

    assert f".. automodule:: {face}\n" in TEXT
    assert [name for name in by_hand if f".. py:data:: {name}\n" not in TEXT] == []


@pytest.mark.parametrize("face", OTHER_PATHS)
def test_other_paths_add_nothing(face: str) -> None:
    """What has no page of its own is on those of unitwork.exc and unitwork.orm."""
    described = [importlib.import_module(name) for name in ("unitwork.exc", "unitwork.orm")]
    known = {id(value) for other in described for value in vars(other).values()}
    module = importlib.import_module(face)

    assert face in TEXT
    new = [name for name in module.__all__ if id(getattr(module, name)) not in known]
    shown = [name for name in new if re.search(rf"^\.\. auto(class|function):: {face}.{name}$", TEXT, re.MULTILINE)]
    assert shown == new


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_in_the_table(name: str) -> None:
    """EV-02: with its arguments, by the names that ``named=True`` gives."""
    page = (REFERENCE / "events.md").read_text("utf-8")
    rows = re.findall(rf"^\| [^|]*`{name}`[^|]* \| `([^`]*)`", page, re.MULTILINE)

    assert rows == [", ".join(ARGUMENTS[name])]


def test_the_pages_are_found() -> None:
    """A moved folder does not empty the tests."""
    assert isinstance(REFERENCE, Path) and len(faces()) > 8

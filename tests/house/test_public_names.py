"""The public surface: what is in ``__all__``, whole and true, and named as in the reference."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest

from tests.support.source import modules

#: These define things and do not only re-export them: what is not in their ``__all__`` serves the library itself.
NOT_ONLY_FACES = {"unitwork.exc", "unitwork.event"}

#: The packages and modules that users import from.
FACES = sorted(
    name
    for name in modules()
    if name in {"unitwork", *(f"unitwork.{face}" for face in ("exc", "event", "orm", "pool", "schema", "types"))}
    or name.startswith(("unitwork.orm.", "unitwork.ext."))
)

#: Names of ours that the reference does not have, each with a reason.
OWN = {
    "exc": "the reference has it as a module, not in its list of names",
    "event": "the same",
    "__version__": "the same",
}


@pytest.mark.parametrize("face", FACES)
def test_all_is_whole_and_true(face: str) -> None:
    """Every name in ``__all__`` exists, once; every name that a face has, and that is no module, is in it."""
    module = importlib.import_module(face)
    names = list(module.__all__)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name not in ("annotations", "Any")
    }

    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []
    assert face in NOT_ONLY_FACES or public - set(names) == set()


@pytest.mark.parametrize(("face", "reference"), [("unitwork", "sqlalchemy"), ("unitwork.orm", "sqlalchemy.orm")])
def test_names_are_the_references(face: str, reference: str) -> None:
    """A program moves by changing its imports."""
    ours = set(importlib.import_module(face).__all__) - set(OWN)
    theirs = set(dir(importlib.import_module(reference)))

    assert ours - theirs == set()


@pytest.mark.parametrize("face", FACES)
def test_public_classes_and_functions_have_docstrings(face: str) -> None:
    """The first line says what the caller gets."""
    module = importlib.import_module(face)
    mute = [
        name
        for name in module.__all__
        if (inspect.isclass(value := getattr(module, name)) or inspect.isfunction(value)) and not inspect.getdoc(value)
    ]

    assert mute == []

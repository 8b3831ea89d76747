"""The statement log: names, tokens, hidden parameters."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.support.models import Author
from unitwork import create_engine, exc, select, text

author = Author.__table__
SECRET = "s3cr3t-value"


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, with the logger's name."""
    return [f"{record.name}: {record.getMessage()}" for record in caplog.records]


def test_logging_name_and_token(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """LB-29: the logger is that of the reference; logging_name and logging_token tell engines and calls apart."""
    caplog.set_level(logging.INFO, "unitwork")
    engine = create_engine(url, logging_name="mine", pool_logging_name="pool")
    with engine.connect() as connection:
        connection.scalar(text("SELECT 1"))
        connection.execution_options(logging_token="t1")
        connection.scalar(text("SELECT 2"))
    with engine.execution_options(logging_token="t2").connect() as connection:
        connection.scalar(text("SELECT 3"))
    engine.dispose()

    found = messages(caplog)
    assert "unitwork.engine.Engine.mine: SELECT 1" in found
    assert "unitwork.engine.Engine.mine: [t1] SELECT 2" in found
    assert "unitwork.engine.Engine.mine: [t2] SELECT 3" in found
    assert any(one.endswith(".pool: a connection was opened") for one in found)
    assert any(one.endswith(".pool: a connection is closed") for one in found)


def test_echo_may_be_switched(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """LB-29: engine.echo, whatever the level of the logger; another engine stays silent."""
    engine, other = create_engine(url), create_engine(url)
    engine.echo = True
    for one in (engine, other):
        with one.connect() as connection:
            connection.scalar(text("SELECT 1"))
    engine.echo = False
    with engine.connect() as connection:
        connection.scalar(text("SELECT 2"))
    engine.dispose()
    other.dispose()

    assert messages(caplog).count("unitwork.engine.Engine: SELECT 1") == 1
    assert "unitwork.engine.Engine: SELECT 2" not in messages(caplog)


def test_echo_pool(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """LB-29: with "debug" also what goes out and comes back."""
    engine = create_engine(url, echo_pool="debug")
    engine.connect().close()
    engine.dispose()

    kinds = [one.partition(": ")[2] for one in messages(caplog)]
    assert kinds[:3] == ["a connection was opened", "a connection goes out", "a connection comes back"]


@pytest.mark.parametrize("hide", [False, True])
def test_hide_parameters(url: str, library: Any, hide: bool, caplog: pytest.LogCaptureFixture) -> None:
    """LB-29: values are neither in the log nor in the text of an error; the error still has them as an attribute."""
    caplog.set_level(logging.INFO, "unitwork")
    engine = create_engine(url, hide_parameters=hide)
    with engine.connect() as connection:
        connection.scalar(select(author.c.id).where(author.c.name == SECRET))
        with pytest.raises(exc.DBAPIError) as caught:
            connection.execute(text("SELECT no_such FROM author WHERE name = :n"), {"n": SECRET})
    engine.dispose()

    assert (SECRET in str(caught.value)) is not hide
    assert not (hide and SECRET in repr(caught.value))
    assert any(SECRET in one for one in messages(caplog)) is not hide
    assert SECRET in list(caught.value.params)

"""create_engine: options, and what is refused."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import pytest

from unitwork import create_engine, exc
from unitwork.pool import NullPool, Pool, QueuePool, StaticPool


def test_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-29: an engine connects at first use."""
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: pytest.fail("opened"))

    engine = create_engine("sqlite:///nowhere/file.db")

    assert repr(engine) == "Engine(sqlite:///nowhere/file.db)"


@pytest.mark.parametrize(
    ("url", "options", "kind"),
    [
        ("sqlite://", {}, StaticPool),
        ("sqlite:///x.db", {}, QueuePool),
        ("sqlite:///x.db", {"poolclass": NullPool, "pool_size": 3}, NullPool),
        ("postgresql://h/d", {"pool_pre_ping": True}, QueuePool),
        ("mariadb://h/d", {"pool_recycle": 60}, QueuePool),
    ],
)
def test_pools(url: str, options: dict[str, Any], kind: type[Pool]) -> None:
    """BK-10, LB-29: one connection in memory, a queue elsewhere, or what was asked for."""
    assert type(create_engine(url, **options).pool) is kind


def test_pool_options() -> None:
    """LB-29: sizes and timeouts reach the pool."""
    pool = create_engine("sqlite:///x.db", pool_size=2, max_overflow=-1, pool_timeout=1.5).pool

    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool.timeout()) == (2, 1.5)
    assert pool.status().startswith("QueuePool: 0 in use, 0 idle")
    assert NullPool(dict).status() == "NullPool"
    assert create_engine("sqlite://").pool.status() == "StaticPool: not open"


def test_execution_options_of_the_engine() -> None:
    """LB-29, TX-53: given at construction, or to a copy."""
    engine = create_engine("sqlite://", execution_options={"isolation_level": "autocommit", "mine": 1})

    assert engine.isolation == "AUTOCOMMIT"
    assert engine.get_execution_options()["mine"] == 1


@pytest.mark.parametrize(
    ("url", "options", "code"),
    [
        ("sqlite://", {"pool_sise": 5}, "bad-engine-option"),
        ("postgresql://h/d", {"foreign_keys": True}, "bad-engine-option"),
        ("sqlite://", {"begin": "LATER"}, "bad-engine-option"),
        ("sqlite://", {"isolation_level": "REPEATABLE READ"}, "unknown-isolation-level"),
        ("sqlite+other://", {}, "unknown-dialect"),
        ("sqlite", {}, "bad-url"),
    ],
)
def test_what_is_refused(url: str, options: dict[str, Any], code: str) -> None:
    """LB-29, BK-06, TX-52: ArgumentError at once."""
    with pytest.raises(exc.ArgumentError) as caught:
        create_engine(url, **options)

    assert caught.value.code == code


def test_file_that_cannot_be_opened(tmp_path: Any) -> None:
    """ER-18: the driver's error as ours."""
    engine = create_engine(f"sqlite:///{tmp_path}/no/such/directory.db")

    with pytest.raises(exc.OperationalError) as caught:
        engine.connect()

    assert caught.value.code == "cannot-connect"


def test_echo_shows_statements(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-29: echo=True shows the log on standard output, unless logging is configured."""
    logger = logging.getLogger("unitwork.engine")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", False)
    level = logger.level
    try:
        engine = create_engine("sqlite://", echo=True)
        create_engine("sqlite://", echo=True)
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 42")
        engine.dispose()
    finally:
        logger.setLevel(level)

    assert capsys.readouterr().out.count("SELECT 42") == 1

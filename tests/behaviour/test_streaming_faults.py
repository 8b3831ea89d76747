"""Connections that break while rows are read in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.proxy import FaultProxy
from unitwork import create_engine, exc, text
from unitwork.dialects.url import make_url

pytestmark = pytest.mark.backends("postgresql", "mariadb")

#: Rows of a kilobyte, far more than the network holds.
MANY = text("SELECT a.n, repeat('x', 1000) FROM t a CROSS JOIN t b CROSS JOIN t c")


@pytest.fixture
def proxy(url: str, engine: Any) -> Iterator[FaultProxy]:
    """A proxy to the database, which has thirty numbers in a table `t`."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO t VALUES {', '.join(f'({n})' for n in range(30))}")
    address = make_url(url)
    with FaultProxy(str(address.host), int(address.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def fragile(url: str, proxy: FaultProxy) -> Iterator[Any]:
    """An engine that goes through the proxy."""
    engine = create_engine(make_url(url).set(port=proxy.port))
    yield engine
    engine.dispose()


def test_cut_while_reading(fragile: Any, proxy: FaultProxy) -> None:
    """LB-32, ER-04: reading on raises the loss; nothing goes on until rollback(), then all does."""
    with fragile.connect() as connection:
        streamed = connection.execute(MANY, execution_options={"yield_per": 100})
        streamed.fetchmany(100)
        proxy.cut_all()
        with pytest.raises(exc.OperationalError) as caught:
            streamed.all()
        assert (caught.value.code, caught.value.is_disconnect) == ("connection-lost", True)
        with pytest.raises(exc.PendingRollbackError):
            connection.commit()
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM t")) == 30


@pytest.mark.parametrize("end", ["close", "rollback"])
def test_cut_before_the_end(fragile: Any, proxy: FaultProxy, end: str) -> None:
    """LB-32: closing the result, rolling back and closing the Connection do not mind."""
    with fragile.connect() as connection:
        streamed = connection.execute(MANY, execution_options={"yield_per": 100})
        streamed.fetchmany(100)
        proxy.cut_all()
        if end == "close":
            streamed.close()
        connection.rollback()
    with fragile.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 30


def test_cut_before_another_statement(fragile: Any, proxy: FaultProxy) -> None:
    """LB-32: the other statement tells of the loss; the stream is over."""
    with fragile.connect() as connection:
        streamed = connection.execute(MANY, execution_options={"yield_per": 100})
        streamed.fetchmany(100)
        proxy.cut_all()
        with pytest.raises(exc.OperationalError) as caught:
            connection.scalar(text("SELECT 1"))
        assert caught.value.is_disconnect
        with pytest.raises(exc.ResourceClosedError) as ended:
            streamed.all()
        assert ended.value.code == "stream-ended"
        connection.rollback()
        assert connection.scalar(text("SELECT 1")) == 1


def test_cut_before_commit(fragile: Any, proxy: FaultProxy, engine: Any) -> None:
    """ER-22: nothing is taken for committed."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("DELETE FROM t WHERE n = 1")
        streamed = connection.execute(MANY, execution_options={"yield_per": 100})
        streamed.fetchmany(100)
        proxy.cut_all()
        with pytest.raises(exc.DBAPIError):
            connection.commit()
        connection.rollback()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 30

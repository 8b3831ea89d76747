"""Rows that are read in chunks while the statement stays open: what `yield_per` and `stream_results` do.

PostgreSQL declares a cursor by SQL text and fetches from it, SQLite steps through its statement, MariaDB sends all rows
and PyMySQL reads them off the socket one by one. There, a connection with rows on their way can do nothing else: a
second statement first reads the rest into memory. A commit, a rollback, also to a savepoint, and giving the connection
back end all streams, on every database.

Spec: SB-50; decision 0020.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from unitwork import exc
from unitwork.engine.wire import Row, Wire

#: Rows of the first chunk, and what the next grow by and up to, where no size was asked for.
FIRST, GROWTH, LARGEST = 10, 5, 1000


class OpenCursor:
    """A statement whose rows were not all read yet.

    Attributes:
        cursor: of the driver.
        name: of the server's cursor, None where the driver's is it.
        statement, params: for errors.
        rest: rows that had to be read before they were asked for, or None.
        ended: why no more can be read, or None.
        dropped: nobody will read on; it is closed at the next opportunity.
    """

    __slots__ = ("cursor", "dropped", "ended", "name", "params", "rest", "statement")

    def __init__(self, cursor: Any, name: str | None, statement: str, params: Any) -> None:
        self.cursor = cursor
        self.name = name
        self.statement = statement
        self.params = params
        self.rest: list[Row] | None = None
        self.ended: str | None = None
        self.dropped = False


class StreamingWire(Wire):
    """A wire whose statements may stay open while their rows are read."""

    __slots__ = ("_named",)

    def open_stream(self, sql: str, params: Any, size: int, limit: int) -> Stream:
        """Run a statement that returns rows, and return them in chunks.

        Args:
            size: rows of the first chunk.
            limit: chunks grow up to this.
        Raises:
            DBAPIError, StatementError: see ER-18; while reading, too.
        """
        if not self.acquire(False):
            self.refuse_use()
        try:
            dialect = self.dialect
            self._named: int = getattr(self, "_named", 0) + 1
            name = f"unitwork_rows_{self._named}"
            text = dialect.declare_cursor(name, sql, self.isolation == "AUTOCOMMIT")
            name_ = None if text is None else name
            sql = sql if text is None else f"{text}; {_fetch(name, size)}"
            if params is None and not dialect.has_socket:
                params = ()
            if not self.smooth:
                sql, params = self._before(sql, params)
            assert self.slot is not None
            cursor = dialect.stream_cursor(self.slot.driver_connection)
            cursor.execute(sql, params)
            opened = OpenCursor(cursor, name_, sql, params)
            names = tuple([str(column[0]) for column in cursor.description or ()])
            first = list(cursor.fetchall() if name_ is not None else cursor.fetchmany(size))
            self.streams = [*self.streams, opened]
            self.smooth = False
            if len(first) < size:
                self._close(opened)
            return Stream(self, opened, first, names, (size, limit))
        except BaseException as err:
            self.explain(err, sql, params)
            raise
        finally:
            self.release()

    def fetch_chunk(self, opened: OpenCursor, size: int) -> list[Row]:
        """Return the next rows, fewer at the end, which closes the cursor."""
        if opened.rest is not None and opened.ended is None:
            chunk, opened.rest = opened.rest[:size], opened.rest[size:]
            if len(chunk) < size:
                self._forget(opened)
            return chunk
        if opened.ended is not None:
            raise _ended(opened.ended)
        if not self.acquire(False):
            self.refuse_use()
        try:
            if self.failure is not None:
                raise self.pending_rollback("read on")
            if opened.name is not None:
                sql = _fetch(opened.name, size)
                if self.log.is_wanted():
                    self.log.statement(sql, None)
                opened.cursor.execute(sql)
                rows = list(opened.cursor.fetchall())
            else:
                rows = list(opened.cursor.fetchmany(size))
            if len(rows) < size:
                self._close(opened)
            return rows
        except exc.UnitworkError:
            raise
        except BaseException as err:
            opened.ended = "reading them failed"
            self._forget(opened)
            if opened.name is None:
                self._close(opened)
            self.explain(err, opened.statement, opened.params)
            raise
        finally:
            self.release()

    def drop_stream(self, opened: OpenCursor) -> None:
        """Release a cursor whose rows nobody wants; now, or when the statement under way is over."""
        if opened.ended is not None:
            return
        opened.dropped = True
        if not self.acquire(False):
            self.smooth = False
            return
        try:
            if opened in self.streams:
                self._close(opened)
        finally:
            self.release()

    def make_way(self) -> None:
        """Before another statement: close what was dropped; where the connection must be free, read what is left."""
        for opened in self.streams:
            if opened.dropped:
                self._close(opened)
            elif self.dialect.one_open_result and opened.rest is None:
                opened.rest = list(opened.cursor.fetchall())
                opened.cursor.close()

    def end_streams(self, why: str, at_server: bool = True) -> None:
        """End all: reading on raises.

        Args:
            at_server: the server still has the connection, and what is open must be closed there.
        """
        for opened in self.streams:
            opened.ended = why
            if at_server:
                self._close(opened)
            else:
                self.dialect.abandon_cursor(opened.cursor)
        self.streams = ()

    def _close(self, opened: OpenCursor) -> None:
        self._forget(opened)
        opened.ended = opened.ended or "all was read"
        if opened.rest is not None:
            return
        # What a transaction leaves behind ends with it; only a cursor that was to outlive it is closed for certain.
        try:
            if opened.name is not None and (self.failure is None or self.isolation == "AUTOCOMMIT"):
                opened.cursor.execute(f"CLOSE {opened.name}")
            opened.cursor.close()
        except Exception:
            self.dialect.abandon_cursor(opened.cursor)

    def _forget(self, opened: OpenCursor) -> None:
        self.streams = [one for one in self.streams if one is not opened]


class Stream:
    """An iterator of chunks: lists of rows as the driver gives them; its cursor is closed when it is dropped.

    Attributes:
        names: of the values of a row.
    """

    def __init__(
        self, wire: StreamingWire, opened: OpenCursor, first: list[Row], names: tuple[str, ...], sizes: tuple[int, int]
    ) -> None:
        self._wire = wire
        self._opened = opened
        self._first: list[Row] | None = first
        self._size, self._limit = sizes
        self.names = names

    @property
    def size(self) -> int:
        """Rows of the next chunk; setting it stops the growth."""
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._size = self._limit = value

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        first, self._first = self._first, None
        if first:
            return first
        if self._opened.ended == "all was read":
            raise StopIteration
        self._size = min(self._size * GROWTH, self._limit)
        chunk = self._wire.fetch_chunk(self._opened, self._size)
        if not chunk:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Release the cursor; rows that were not read are lost."""
        self._first = None
        self._wire.drop_stream(self._opened)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def stream_sizes(options: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return (rows of the first chunk, of the largest) that execution options ask for, None without streaming.

    Raises:
        ArgumentError [bad-yield-per]: a size is no positive number.
    """
    fixed = options.get("yield_per")
    if fixed:
        return _positive(fixed, "yield_per"), fixed
    if options.get("stream_results"):
        largest = _positive(options.get("max_row_buffer", LARGEST), "max_row_buffer")
        return min(FIRST, largest), largest
    return None


def can_stream(sql: str) -> bool:
    """Return whether SQL text that a user wrote may be read in chunks: it begins with SELECT, VALUES or TABLE."""
    return sql.lstrip(" \t\r\n(")[:7].upper().startswith(("SELECT", "VALUES", "TABLE "))


def _positive(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise exc.ArgumentError(
            f"{name} is a number of rows, not {value!r}.", do="give a positive whole number.", code="bad-yield-per"
        )
    return value


def _fetch(name: str, size: int) -> str:
    return f"FETCH FORWARD {size} FROM {name}"


def _ended(why: str) -> exc.ResourceClosedError:
    return exc.ResourceClosedError(
        f"the rows that were not read yet are gone: {why}.",
        do="read all rows before the transaction ends, or execute the statement again.",
        code="stream-ended",
    )

"""Statements of the expression language on a Connection: parameters in, a Result out.

Spec: SB-43 to SB-50, LB-23, LB-30, LB-35, PT-66.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.engine.batch import insert_rows
from unitwork.engine.result import CursorResult
from unitwork.engine.row import convert_rows, row_class
from unitwork.engine.sequences import next_values
from unitwork.engine.statement_cache import Prepared
from unitwork.engine.stream import can_stream, stream_sizes
from unitwork.engine.watch import Watch
from unitwork.sql.dml import Insert, ValuesDml
from unitwork.sql.elements import BindParameter, ColumnElement
from unitwork.sql.render_stmt import render
from unitwork.sql.select import select
from unitwork.sql.statement import Statement
from unitwork.sql.text import TextualSelect

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

Params = Mapping[str, Any]
_NOTHING: Mapping[str, Any] = {}


def executable(statement: Any) -> Statement:
    """Return what was given to ``execute()`` as a statement.

    Raises:
        ArgumentError [raw-sql-string], [not-executable]: it is a plain string, or no statement.
    """
    if isinstance(statement, Statement):
        return statement
    if isinstance(statement, str):
        raise exc.ArgumentError(
            f"execute() was given the string {statement[:80]!r}.",
            do="wrap it: text('… :name …'), or use exec_driver_sql() for SQL in the driver's own form.",
            code="raw-sql-string",
        )
    element = statement.__clause_element__() if hasattr(statement, "__clause_element__") else None
    if isinstance(element, Statement):
        return element
    if isinstance(element, ColumnElement):
        return select(element)
    raise exc.ArgumentError(
        f"execute() needs a statement, got an object of type {type(statement).__qualname__}.",
        do="build one with select(), insert(), update(), delete() or text().",
        code="not-executable",
    )


def execute(
    connection: Connection,
    given: Any,
    params: Params | Sequence[Params] | None,
    options: Mapping[str, Any] | None = None,
) -> CursorResult:
    """Run a statement once, or once for each mapping of a list (SB-46)."""
    statement = executable(given)
    given_options = statement.given_execution_options
    if options or given_options or connection.given_options:
        options = {**connection.given_options, **given_options, **(options or _NOTHING)}
    if connection.watch is not None:
        return _execute_watched(connection, connection.watch, statement, params, options or _NOTHING)
    return _execute(connection, statement, params, options)


def _execute_watched(
    connection: Connection,
    watch: Watch,
    given: Statement,
    params: Params | Sequence[Params] | None,
    options: Mapping[str, Any],
) -> CursorResult:
    statement, params = watch.before_execute(given, params, options)
    result = _execute(connection, executable(statement), params, options)
    watch.after_execute(statement, params, options, result)
    return result


def _execute(
    connection: Connection,
    statement: Statement,
    params: Params | Sequence[Params] | None,
    options: Mapping[str, Any] | None,
) -> CursorResult:
    if params is None or isinstance(params, Mapping):
        if options:
            return _execute_with(connection, statement, params, options)
        return _execute_once(connection, statement, params)
    rows = list(params)
    if not all(isinstance(row, Mapping) for row in rows):
        raise exc.ArgumentError(
            "parameters must be a dictionary, or a list of dictionaries.",
            do="pass {'name': value}, or [{'name': value}, …].",
            code="bad-parameters",
        )
    if not rows:
        return CursorResult(None, (), rowcount=0)
    if isinstance(statement, Insert):
        done = _insert_many(connection, statement, rows)
        if done is not None:
            return done
    results = [_execute_once(connection, statement, row) for row in rows]
    if results[0].returns_rows:
        return CursorResult([row for result in results for row in result.all()], results[0].keys())
    return CursorResult(None, (), rowcount=sum(result.rowcount for result in results))


def run_text(connection: Connection, sql: str, given: Any, options: Mapping[str, Any] | None) -> CursorResult:
    """Run SQL in the driver's own form, once or for each of a list of parameters."""
    if isinstance(given, list) and given and isinstance(given[0], (tuple, list, Mapping)):
        return CursorResult(None, (), rowcount=sum(connection.run(sql, one)[1] for one in given))
    options = {**connection.given_options, **(options or _NOTHING)}
    sizes = stream_sizes(options)
    if sizes is not None and can_stream(sql):
        return _streamed(connection, sql, given, options, None)
    rows, count, names, generated = connection.run(sql, None if options.get("no_parameters") else given)
    result = CursorResult(rows, names, rowcount=count)
    result.lastrowid = generated
    return result


def _execute_with(
    connection: Connection, statement: Statement, params: Params | None, options: Mapping[str, Any]
) -> CursorResult:
    """Run a statement once, as its options ask for."""
    if stream_sizes(options) is None or statement.kind not in ("select", "text"):
        return _execute_once(connection, statement, params)
    prepared, binds = connection.engine.statement_cache.prepare(statement)
    if not prepared.rendered.is_select and not can_stream(prepared.rendered.text):
        return _execute_once(connection, statement, params)
    sql, values = prepared.parameters(binds, params)
    return _streamed(connection, sql, values, options, prepared)


def _streamed(
    connection: Connection, sql: str, values: Any, options: Mapping[str, Any], prepared: Prepared | None
) -> CursorResult:
    stream = connection.stream(sql, values, stream_sizes(options))
    if prepared is not None and prepared.names:
        rows = chain.from_iterable(map(prepared.convert, stream))
        result = CursorResult(rows, prepared.names, prepared.row_class)
    else:
        result = CursorResult(chain.from_iterable(stream), stream.names)
    result.feed = stream
    if options.get("yield_per"):
        result.yield_per(options["yield_per"])
    return result


def _execute_once(connection: Connection, statement: Statement, params: Params | None) -> CursorResult:
    kind = statement.kind
    if kind == "ddl":
        # The text has its % doubled where parameters are formatted in: an empty sequence undoes it.
        connection.run(render(statement, connection.dialect.style).text, ())
        return CursorResult(None, ())
    if params and isinstance(statement, ValuesDml):
        if _context_defaults(statement):
            # A default's function reads the values of its row: they are in the statement, not beside it.
            known = statement.bind_keys() if statement.has_values() else set()
            given = {name: value for name, value in params.items() if name not in known}
            statement = statement.with_cells(statement.cells_of(given))
        else:
            statement = statement.for_parameters(params)
    if isinstance(statement, Insert) and statement.select is None and not statement.returning_elements:
        return _insert_once(connection, statement, params)
    prepared, binds = connection.engine.statement_cache.prepare(statement)
    sql, values = prepared.parameters(binds, params)
    if isinstance(statement, TextualSelect) and statement.by_name:
        return _run_by_name(connection, statement, sql, values)
    return _run(connection, prepared, sql, values)


def _run_by_name(connection: Connection, statement: TextualSelect, sql: str, values: Sequence[Any]) -> CursorResult:
    """Run a text whose columns are told by name, whatever their order."""
    rows, count, names, _ = connection.run(sql, values)
    types = {column.name: column.type for column in statement.columns_given}
    convert = connection.dialect.result_converter
    converters = tuple([convert(types[name]) if name in types else None for name in names])
    return CursorResult(convert_rows(rows or [], converters if any(converters) else ()), names, rowcount=count)


def _run(connection: Connection, prepared: Prepared, sql: str, values: Sequence[Any]) -> CursorResult:
    rendered = prepared.rendered
    if rendered.kind == "text" or (rendered.returns_rows and not prepared.names):
        rows, count, names, _ = connection.run(sql, values)
        if rows is None:
            return CursorResult(None, (), rowcount=count)
        if prepared.names:
            return CursorResult(prepared.convert(rows), prepared.names, prepared.row_class, rowcount=count)
        return CursorResult(rows, names, rowcount=count)
    if rendered.is_select:
        rows = connection.fetch(sql, values)
        return CursorResult(prepared.convert(rows), prepared.names, prepared.row_class, rowcount=len(rows))
    if rendered.returns_rows:
        rows, count = connection.fetch_counted(sql, values)
        return CursorResult(prepared.convert(rows), prepared.names, prepared.row_class, rowcount=count)
    count = connection.write(sql, values)
    ask = connection.dialect.features.ask_row_count
    if count < 0 and ask is not None:
        count = connection.fetch(ask, ())[0][0]
    return CursorResult(None, (), rowcount=count)


def _insert_once(connection: Connection, statement: Insert, params: Params | None) -> CursorResult:
    """Run an INSERT without RETURNING of its own, and find out the key of a single row."""
    keys = tuple(statement.table.primary_key.columns)
    rows = statement.insert_rows()
    cells = dict(zip(statement.insert_columns(), rows[0]))
    single = len(rows) == 1 and bool(keys)
    made = [key for key in keys if not isinstance(cells.get(key), BindParameter)]
    features = connection.dialect.features
    # With a row that was there already a driver tells the key of another one.
    told = features.lastrowid and statement.conflict is None and not any(key in cells for key in made)
    ask = single and bool(made) and not told and features.insert_returning
    prepared, binds = connection.engine.statement_cache.prepare(statement.returning(*keys) if ask else statement)
    sql, values = prepared.parameters(binds, params)
    if ask:
        fetched, count = connection.fetch_counted(sql, values)
        result = CursorResult(None, (), rowcount=count)
        key_values = prepared.convert(fetched)[0] if fetched else (None,) * len(keys)
    else:
        _, count, _, generated = connection.run(sql, values)
        result = CursorResult(None, (), rowcount=count)
        if statement.conflict is not None and made:
            generated = None
        result.lastrowid = generated
        automatic = statement.table.autoincrement_column
        sent = {id(binds[place]): value for place, value in zip(prepared.order, values)}
        key_values = tuple(
            [
                (generated if key is automatic else None) if key in made else _sent(connection, key, cells[key], sent)
                for key in keys
            ]
        )
    if single:
        result.inserted_primary_key = row_class(tuple(key.key for key in keys))(key_values)
    return result


def _sent(connection: Connection, key: Any, cell: Any, sent: Mapping[int, Any]) -> Any:
    """Return the value that was sent for a key, in Python's form."""
    convert = connection.dialect.result_converter(key.type)
    value = sent[id(cell)]
    return value if convert is None else convert(value)


def _context_defaults(statement: ValuesDml) -> bool:
    defaults = [column.default if isinstance(statement, Insert) else column.onupdate for column in statement.table.c]
    return any(default is not None and default.wants_context for default in defaults)


def _insert_many(connection: Connection, statement: Insert, rows: list[Params]) -> CursorResult | None:
    """Insert rows of equal keys in a few statements; None if this INSERT must be run row by row."""
    table = statement.table
    returning = statement.result_elements()
    if statement.rows or statement.select is not None or statement.conflict is not None:
        return None
    if any(rows[0].keys() != row.keys() for row in rows):
        return None
    if any(getattr(element, "table", None) is not table for element in returning):
        return None
    given = {statement.column_of(name): name for name in rows[0]}
    filled = [column for column in table.c if column not in given and column.default is not None]
    if any(column.default.is_clause_element or column.default.wants_context for column in filled):
        return None
    columns = list(given)
    cells: list[Sequence[Any]] = [[row[name] for row in rows] for name in given.values()]
    for column in filled:
        default = column.default
        if default.is_sequence:
            numbers = next_values(connection, default, len(rows))
            if numbers is None:
                continue
            cells.append(numbers)
        else:
            cells.append([default.arg() if default.is_callable else default.arg for _ in rows])
        columns.append(column)
    tuples = list(zip(*cells)) if cells else [()] * len(rows)
    fetched = insert_rows(connection, table, columns, tuples, returning)
    if fetched is None:
        return CursorResult(None, (), rowcount=len(rows))
    return CursorResult(fetched, [element.key for element in returning], rowcount=len(rows))

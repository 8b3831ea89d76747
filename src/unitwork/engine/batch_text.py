"""SQL of the batches, made of names and counts alone: values are parameters, always.

What a database can do decides the form: ``UPDATE … FROM (VALUES …)`` or ``UPDATE … JOIN (…) SET``, key lists as row
values or as a join.

Spec: LB-33, LB-34, BK-16, BK-24, BK-29, BK-30.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork.dialects.base import Dialect

#: Whether each cell of a row is to be DEFAULT.
Pattern = tuple[bool, ...]


class Texts:
    """Makes the SQL texts of batches on one table.

    Args:
        table: a Table; its columns are given to the methods as Column objects.
    """

    def __init__(self, dialect: Dialect, table: Any) -> None:
        self._dialect = dialect
        self._features = dialect.features
        self._mark = dialect.style.placeholder or "?"
        self._table = self._doubled(dialect.style.table_name(table.name, table.schema))

    def _doubled(self, name: str) -> str:
        # Where the driver formats parameters into the text, a % of a name is doubled.
        return name.replace("%", "%%") if self._mark == "%s" else name

    def _name(self, column: Any) -> str:
        return self._doubled(self._dialect.style.quote(column.name))

    def _names(self, columns: Sequence[Any]) -> str:
        return ", ".join([self._name(column) for column in columns])

    def _marks(self, count: int) -> str:
        return f"({', '.join([self._mark] * count)})"

    def _returning(self, columns: Sequence[Any]) -> str:
        return f" RETURNING {self._names(columns)}" if columns else ""

    # INSERT

    def insert(self, columns: Sequence[Any], count: int, returning: Sequence[Any]) -> str:
        """Return an INSERT of `count` rows."""
        rows = ", ".join([self._marks(len(columns))] * count)
        return f"INSERT INTO {self._table} ({self._names(columns)}) VALUES {rows}{self._returning(returning)}"

    def insert_with_defaults(
        self, columns: Sequence[Any], patterns: Sequence[Pattern], returning: Sequence[Any]
    ) -> str:
        """Return an INSERT with one row per pattern, some cells of which are DEFAULT."""
        texts: dict[Pattern, str] = {}
        for pattern in patterns:
            if pattern not in texts:
                texts[pattern] = f"({', '.join(['DEFAULT' if default else self._mark for default in pattern])})"
        rows = ", ".join([texts[pattern] for pattern in patterns])
        return f"INSERT INTO {self._table} ({self._names(columns)}) VALUES {rows}{self._returning(returning)}"

    def insert_nothing(self, returning: Sequence[Any]) -> str:
        """Return an INSERT of one row of defaults."""
        return f"INSERT INTO {self._table} {self._features.default_row}{self._returning(returning)}"

    def insert_ordered(self, columns: Sequence[Any], count: int, returning: Sequence[Any]) -> str:
        """Return an INSERT whose RETURNING rows come in the order of the values."""
        head = ", ".join([*(f"d.c{place}" for place in range(len(columns)))])
        first = ", ".join([self._cast(column) for column in columns])
        marks = ", ".join([self._mark] * len(columns))
        rows = [f"({first}, 0)", *(f"({marks}, {number})" for number in range(1, count))]
        derived = f"(VALUES {', '.join(rows)}) AS d ({self._cells(len(columns))}, n)"
        return (
            f"INSERT INTO {self._table} ({self._names(columns)}) SELECT {head} FROM {derived} ORDER BY d.n"
            f"{self._returning(returning)}"
        )

    def _cast(self, column: Any) -> str:
        # The first row of a VALUES list decides the types of the rest.
        name = self._dialect.values_cast(column.type)
        return self._mark if name is None else f"CAST({self._mark} AS {name})"

    def _cells(self, count: int) -> str:
        return ", ".join([f"c{place}" for place in range(count)])

    # UPDATE

    def update_one(self, set_columns: Sequence[Any], key_columns: Sequence[Any]) -> str:
        """Return an UPDATE of one row."""
        assignments = ", ".join([f"{self._name(column)} = {self._mark}" for column in set_columns])
        return f"UPDATE {self._table} SET {assignments} WHERE {self._equal(key_columns)}"

    def update_many(self, set_columns: Sequence[Any], key_columns: Sequence[Any], count: int, numbered: bool) -> str:
        """Return an UPDATE of `count` rows; a row of values holds those to set, then the keys.

        Args:
            numbered: return the numbers of the rows that were matched; where RETURNING may name the values.
        """
        columns = (*set_columns, *key_columns)
        derived = self._derived(columns, count, numbered)
        width = len(set_columns)
        condition = " AND ".join(
            [f"t.{self._name(column)} = d.{self._cell(width + place)}" for place, column in enumerate(key_columns)]
        )
        if self._features.update_many == "join":
            assignments = [
                f"t.{self._name(column)} = d.{self._cell(place)}" for place, column in enumerate(set_columns)
            ]
            return f"UPDATE {self._table} AS t JOIN {derived} ON {condition} SET {', '.join(assignments)}"
        assignments = [f"{self._name(column)} = d.{self._cell(place)}" for place, column in enumerate(set_columns)]
        tail = " RETURNING d.n" if numbered else ""
        return f"UPDATE {self._table} AS t SET {', '.join(assignments)} FROM {derived} WHERE {condition}{tail}"

    def _cell(self, place: int) -> str:
        # SQLite does not name the columns of a VALUES list in FROM, it calls them column1, column2 …
        return f"column{place + 1}" if self._features.key_list == "values" else f"c{place}"

    def _derived(self, columns: Sequence[Any], count: int, numbered: bool = False) -> str:
        """Return a list of rows as a FROM element called d."""
        row = self._features.values_row
        cells = [self._mark] * len(columns)
        first = [self._cast(column) for column in columns]
        if numbered:
            rows = [f"({', '.join(first)}, 0)", *(f"({', '.join(cells)}, {number})" for number in range(1, count))]
        else:
            rows = [f"{row}({', '.join(first)})", *[f"{row}({', '.join(cells)})"] * (count - 1)]
        text = f"VALUES {', '.join(rows)}"
        names = self._cells(len(columns)) + (", n" if numbered else "")
        if self._features.key_list == "values":
            return f"({text}) AS d"
        if self._features.update_many == "join" and not row:  # MariaDB names the columns of a VALUES list in WITH only
            return f"(WITH v ({names}) AS ({text}) SELECT * FROM v) AS d"
        return f"({text}) AS d ({names})"

    # Keys

    def delete(self, key_columns: Sequence[Any], count: int) -> str:
        """Return a DELETE of the rows of `count` keys."""
        if len(key_columns) > 1 and count > 1 and self._features.key_list != "values":
            derived, condition = self._derived(key_columns, count), self._joined(key_columns)
            if self._features.key_list == "using":
                return f"DELETE FROM {self._table} AS t USING {derived} WHERE {condition}"
            return f"DELETE t FROM {self._table} AS t JOIN {derived} ON {condition}"
        return f"DELETE FROM {self._table} WHERE {self._listed(key_columns, count)}"

    def select_keys(self, key_columns: Sequence[Any], count: int, lock: bool) -> str:
        """Return a SELECT of those of `count` keys that are there."""
        tail = " FOR UPDATE" if lock and self._features.for_update else ""
        if len(key_columns) > 1 and count > 1 and self._features.key_list != "values":
            names = ", ".join([f"t.{self._name(column)}" for column in key_columns])
            derived = self._derived(key_columns, count)
            tail = f"{tail} OF t" if tail and self._features.key_list == "using" else tail
            return f"SELECT {names} FROM {self._table} AS t JOIN {derived} ON {self._joined(key_columns)}{tail}"
        return f"SELECT {self._names(key_columns)} FROM {self._table} WHERE {self._listed(key_columns, count)}{tail}"

    def select_row(self, columns: Sequence[Any], key_columns: Sequence[Any]) -> str:
        """Return a SELECT of columns of one row."""
        return f"SELECT {self._names(columns)} FROM {self._table} WHERE {self._equal(key_columns)}"

    def _joined(self, key_columns: Sequence[Any]) -> str:
        return " AND ".join([f"t.{self._name(column)} = d.{self._cell(n)}" for n, column in enumerate(key_columns)])

    def _equal(self, key_columns: Sequence[Any]) -> str:
        return " AND ".join([f"{self._name(column)} = {self._mark}" for column in key_columns])

    def _listed(self, key_columns: Sequence[Any], count: int) -> str:
        if count == 1:
            return self._equal(key_columns)
        if len(key_columns) == 1:
            return f"{self._name(key_columns[0])} IN {self._marks(count)}"
        rows = ", ".join([self._marks(len(key_columns))] * count)
        return f"({self._names(key_columns)}) IN (VALUES {rows})"

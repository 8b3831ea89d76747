"""FROM elements to SQL text, and the WITH clause that CTEs among them need.

A CTE is written where it is first met, as its name; its text goes in front of the whole statement
(:meth:`FromRenderer.with_clause`), after those of the CTEs it uses itself.

Spec: LB-21, LB-23, LB-37.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.sql.render_call import CallRenderer
from unitwork.sql.style import Style

if TYPE_CHECKING:
    from unitwork.sql.derived import (
        CTE,
        FieldOf,
        Lateral,
        TableSample,
        TableValued,
        TableValuedColumn,
        Values,
    )
    from unitwork.sql.selectable import Alias, EntityFrom, Join, Subquery


class FromRenderer(CallRenderer):
    """Makes text of FROM elements and expressions for one statement."""

    def __init__(self, style: Style, *, literal: bool = False, bare: bool = False) -> None:
        super().__init__(style, literal=literal, bare=bare)
        # FROM elements of the statements around the one being rendered, for correlation.
        self.enclosing: frozenset[Any] = frozenset()
        # By identity of the root: the CTE, and its text; None while it is being made.
        self._ctes: dict[int, tuple[CTE, str | None]] = {}

    @contextmanager
    def inside(self, froms: Iterable[Any]) -> Iterator[None]:
        """Render the body as lying in a statement that has `froms`."""
        kept, self.enclosing = self.enclosing, frozenset(froms)
        try:
            yield
        finally:
            self.enclosing = kept

    def visit_table(self, element: Any) -> str:
        """A table by its name."""
        return self.from_name(element)

    def visit_alias(self, element: Alias) -> str:
        """A FROM element under another name."""
        return f"{self.text(element.element)} AS {self.from_name(element)}"

    def visit_subquery(self, element: Subquery) -> str:
        """A SELECT in FROM; it sees nothing of the statement around it."""
        with self.inside(()):
            return f"({self.text(element.element)}) AS {self.from_name(element)}"

    def visit_lateral(self, element: Lateral) -> str:
        """A SELECT in FROM that sees what stands beside it."""
        if not self.style.lateral:
            raise self.style.refusal("LATERAL", "use a scalar subquery, or a join with a grouped subquery.")
        return f"LATERAL ({self.text(element.element)}) AS {self.from_name(element)}"

    def visit_tablesample(self, element: TableSample) -> str:
        """A random part of a table."""
        if not self.style.tablesample:
            raise self.style.refusal("TABLESAMPLE", "order by func.random() and limit.")
        text = f"{self.visit_alias(element)} TABLESAMPLE {self.text(element.sampling)}"
        return text if element.seed is None else f"{text} REPEATABLE ({self.text(element.seed)})"

    def visit_entity_from(self, element: EntityFrom) -> str:
        """The tables of a mapped class."""
        return self.text(element.element)

    def visit_join(self, element: Join) -> str:
        """Two FROM elements joined; a join on the right stands in parentheses."""
        if element.full and not self.style.full_join:
            raise self.style.refusal("FULL OUTER JOIN", "combine two outer joins with union_all().")
        words = "FULL OUTER JOIN" if element.full else "LEFT OUTER JOIN" if element.isouter else "JOIN"
        right = self.text(element.right)
        if len(element.right.leaves()) > 1:
            right = f"({right})"
        return f"{self.text(element.left)} {words} {right} ON {self.text(element.onclause)}"

    # Rows of values, and of functions

    def visit_values(self, element: Values) -> str:
        """Rows of values."""
        if not element.rows:
            raise exc.CompileError(
                "values() has no rows.", do="call data() with at least one.", code="values-without-rows"
            )
        cells = [[self.text(cell) for cell in row] for row in element.rows]
        if self.style.values_first_cast:
            types = [column.type for column in element.given]
            cells[0] = [self.style.typed_cell(cell, type_) for cell, type_ in zip(cells[0], types, strict=True)]
        names = [self.style.quote(column.name) for column in element.given]
        return self.style.values_source(names, cells, self.from_name(element))

    def visit_table_valued(self, element: TableValued) -> str:
        """A function that gives rows."""
        if not self.style.table_functions:
            raise self.style.refusal("a function in FROM", "use JSON_TABLE in text().")
        text = self.text(element.element)
        if element.ordinality is not None:
            if not self.style.table_function_columns:
                raise self.style.refusal("WITH ORDINALITY", "number the rows with row_number().over().")
            text += " WITH ORDINALITY"
        text += f" AS {self.from_name(element)}"
        if element.derived is None:
            return text
        if not self.style.table_function_columns:
            raise self.style.refusal("AS name(columns) of a function in FROM", "use the names the function gives.")
        quote, ddl_type = self.style.quote, self.style.ddl_type
        shown = [
            f"{quote(one.name)} {ddl_type(one.type)}" if element.derived and one in element.given else quote(one.name)
            for one in (*element.given, *list(element.c)[len(element.given) :])
        ]
        return f"{text}({', '.join(shown)})"

    def visit_table_valued_column(self, element: TableValuedColumn) -> str:
        """The value of a function in FROM."""
        if not self.style.table_function_columns:
            raise self.style.refusal("the alias of a function as a column", "use table_valued() with column names.")
        return self.from_name(element.table)

    def visit_field_of(self, element: FieldOf) -> str:
        """One column of what a function gives."""
        if not self.style.table_function_columns:
            raise self.style.refusal("scalar_table_valued()", "use table_valued().")
        return f"({self.text(element.element)}).{self.style.quote(element.name)}"

    # WITH

    def from_name(self, table: Any) -> str:
        """Return the name by which columns refer to a FROM element; of a CTE that of its root."""
        return super().from_name(table.root if table.visit == "cte" else table)

    def visit_cte(self, element: CTE) -> str:
        """A CTE by its name; its text is kept for the WITH clause."""
        key = id(element.root)
        name = self.from_name(element)
        present = self._ctes.get(key)
        if present is None or (present[0].length < element.length and present[1] is not None):
            taken = [other.name for at, (other, _) in self._ctes.items() if at != key]
            if element.name is not None and element.name in taken:
                raise exc.CompileError(
                    f"two CTEs of one statement are called {element.name!r}.",
                    do="give each a name of its own.",
                    code="cte-name-twice",
                )
            self._define(key, element, name)
        return name

    def _define(self, key: int, element: CTE, name: str) -> None:
        body: Any = element.element
        if getattr(body, "kind", "select") not in ("select", "text") and not self.style.dml_in_cte:
            raise self.style.refusal(f"{body.kind.upper()} … RETURNING as a CTE", "execute it on its own.")
        self._ctes[key] = (element, None)
        with self.inside(()), self.scope(bare=False):
            text = self.text(body)
        columns = ""
        if element.recursive:
            columns = f"({', '.join([self.style.quote(one.name) for one in element.c])})"
        # Put at the end again: after those it uses.
        del self._ctes[key]
        self._ctes[key] = (element, f"{name}{columns} AS ({text})")

    @property
    def has_ctes(self) -> bool:
        """A CTE was met that no WITH clause holds yet."""
        return bool(self._ctes)

    def note_ctes(self, statement: Any) -> None:
        """Take in the CTEs that ``add_cte()`` gave to a statement."""
        for one in statement.added_ctes:
            self.visit_cte(one)

    def affixes(self, given: Iterable[tuple[Any, str]], before: str = "", after: str = " ") -> str:
        """Return what ``prefix_with()`` and ``suffix_with()`` gave for this database."""
        mine = ("*", self.style.name, "mariadb" if self.style.name == "mysql" else "*")
        return "".join([f"{before}{self.text(one)}{after}" for one, dialect in given if dialect in mine])

    def with_clause(self) -> str:
        """Return WITH and the CTEs met so far, with a blank at the end, and forget them; "" if there are none."""
        if not self._ctes:
            return ""
        recursive = "RECURSIVE " if any(cte.recursive for cte, _ in self._ctes.values()) else ""
        texts = [text for _, text in self._ctes.values() if text is not None]
        self._ctes = {}
        return f"WITH {recursive}{', '.join(texts)} "

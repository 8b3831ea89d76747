"""Statements to SQL text: :func:`render`.

The text of a statement is made once per shape and kept by the engine's statement cache; nothing here is hot.

Spec: LB-23, LB-34, LB-35, LB-41.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.sql.render_from import FromRenderer
from unitwork.sql.rendered import Rendered, result_columns, result_names
from unitwork.sql.style import ForUpdate, Style

if TYPE_CHECKING:
    from unitwork.sql.clause import ClauseElement
    from unitwork.sql.compound import CompoundSelect, Exists, ScalarSelect
    from unitwork.sql.dml import Delete, Insert, Update
    from unitwork.sql.select import FromStatement, Select
    from unitwork.sql.text import TextualSelect
    from unitwork.sql.upsert import InsertedColumn, OnConflict, OnDuplicateKey


def render(
    statement: ClauseElement, style: Style, literal: bool = False, converter: Callable[[Any], Any] | None = None
) -> Rendered:
    """Return `statement` as SQL of the database that `style` describes.

    Args:
        literal: write the values into the text, for reading and for scripts (LB-41); never executed by this library.
        converter: from a type to the conversion of its values for the database, for literals.
    Raises:
        CompileError: the database cannot say this.
        ArgumentError: a name in the statement means nothing.
    """
    renderer = StatementRenderer(style, literal=literal)
    renderer.converter = converter
    renderer.adjust = getattr(statement, "adjust", None)
    text = renderer.text(statement)
    text = renderer.with_clause() + text
    kind = str(getattr(statement, "kind", "text"))
    return Rendered(text, renderer, kind, result_columns(statement))


class StatementRenderer(FromRenderer):
    """Makes text of one statement.

    Attributes:
        adjust: that of the whole statement, see :class:`Statement`.
    """

    adjust: Callable[[Any, Any], Any] | None = None

    # SELECT

    def visit_select(self, element: Select) -> str:
        """A SELECT."""
        self.note_ctes(element)
        froms = element.display_froms(self.enclosing)
        if self.adjust is not None and not element.is_adjusted:
            element = self.adjust(element, froms)
            froms = element.display_froms(self.enclosing)
        visible = self.enclosing.union(leaf for one in froms for leaf in one.leaves())
        elements = element.result_elements()
        labels = {one.name if one.visit == "label" else one.key: one for one in elements if one.visit in _NAMED}
        with self.inside(visible), self.scope(bare=False):
            distinct = self._distinct(element)
            parts = [f"SELECT {self.affixes(element.prefixes)}{distinct}{self._columns(elements)}"]
            if froms:
                parts.append(f" FROM {self.joined(froms)}")
            criteria = element.all_criteria(froms)
            if criteria:
                parts.append(f" WHERE {self.criteria(criteria)}")
            if element.group_by_clauses:
                with self.scope(labels=labels):
                    parts.append(f" GROUP BY {self.joined(element.group_by_clauses)}")
            if element.having_criteria:
                parts.append(f" HAVING {self.criteria(element.having_criteria)}")
            parts.append(self._tail(element, labels))
            if element.for_update is not None:
                parts.append(self._locking(element.for_update, element.for_update_of))
            parts.append(self.affixes(element.suffixes, before=" ", after=""))
        return "".join(parts)

    def criteria(self, criteria: tuple[ClauseElement, ...]) -> str:
        """Return conditions that must all hold."""
        if len(criteria) == 1:
            return self.text(criteria[0])
        return " AND ".join([self.operand(one, 20, strict=False) for one in criteria])

    def _distinct(self, element: Select) -> str:
        if not element.is_distinct:
            return ""
        if element.distinct_on and not self.style.distinct_on:
            raise self.style.refusal("DISTINCT ON", "group the rows, or rank them with row_number().over(...).")
        return f"DISTINCT ON ({self.joined(element.distinct_on)}) " if element.distinct_on else "DISTINCT "

    def _columns(self, elements: tuple[Any, ...]) -> str:
        texts = []
        for (name, needs_label), element in zip(result_names(elements), elements, strict=True):
            text = self.text(element)
            if needs_label:
                # A name that was made is shortened to fit, one that was given is not.
                given = element.visit == "label" and element.name == name
                text = f"{text} AS {self.style.quote(name if given else self.style.made_name(name))}"
            texts.append(text)
        return ", ".join(texts)

    def _tail(self, element: Any, labels: dict[str, ClauseElement]) -> str:
        text = ""
        if element.order_by_clauses:
            with self.scope(labels=labels):
                text = f" ORDER BY {', '.join([self.order_term(one) for one in element.order_by_clauses])}"
        if element.limit_clause is None and element.offset_clause is None:
            return text
        limit, offset = (
            None if one is None else self.text(one) for one in (element.limit_clause, element.offset_clause)
        )
        if element.with_ties:
            return text + self.style.ties_clause(limit or "", offset)
        return text + self.style.limit_clause(limit, offset)

    def _locking(self, lock: ForUpdate, of: tuple[Any, ...]) -> str:
        names = tuple(self.from_name(one) if one.visit in _FROM else self.text(one) for one in of)
        return self.style.for_update(lock._replace(of=names))

    def visit_compound(self, element: CompoundSelect) -> str:
        """SELECTs combined by UNION and the like."""
        if element.keyword in ("INTERSECT ALL", "EXCEPT ALL") and not self.style.set_operations_all:
            raise self.style.refusal(element.keyword, f"use {element.keyword.split()[0]}, or count with row_number().")
        self.note_ctes(element)
        texts = []
        for part in element.selects:
            text = self.text(part)
            if part.visit == "compound" or part.has_tail:
                text = f"({text})" if self.style.compound_parentheses else f"SELECT * FROM ({text})"
            texts.append(text)
        first = element.result_elements()
        labels = {one.name if one.visit == "label" else one.key: one for one in first if one.visit in _NAMED}
        with self.scope(bare=True):
            return f" {element.keyword} ".join(texts) + self._tail(element, labels)

    def visit_textual_select(self, element: TextualSelect) -> str:
        """A SELECT written by the user."""
        if element.has_tail:
            raise exc.CompileError(
                "a SELECT in text() takes no order and no limit.",
                do="write them in the text, or select from its subquery().",
                code="text-is-fixed",
            )
        self.note_ctes(element)
        return self.text(element.element)

    def visit_from_statement(self, element: FromStatement) -> str:
        """The statement whose rows are read as something else."""
        return self.text(element.element)

    def visit_scalar_subquery(self, element: ScalarSelect) -> str:
        """A SELECT of one column as a value."""
        return f"({self.text(element.element)})"

    def visit_exists(self, element: Exists) -> str:
        """EXISTS with its SELECT."""
        return f"EXISTS ({self.text(element.element)})"

    # INSERT, UPDATE, DELETE

    def visit_insert(self, element: Insert) -> str:
        """An INSERT of rows, of a SELECT, or of defaults alone."""
        quote = self.style.quote
        self.note_ctes(element)
        columns, rows = element.sent_cells(self.style.sequences)
        text = f"INSERT {self.affixes(element.prefixes)}INTO {self.from_name(element.table)}"
        if columns:
            text += f" ({', '.join([quote(one.name) for one in columns])})"
        if element.select is not None:
            select = self.text(element.select)
            if element.conflict is not None and self.style.wrap_conflict_select:
                select = f"SELECT * FROM ({select}) WHERE {self.style.true}"
            text += f" {select}" if self.style.with_before_dml else f" {self.with_clause()}{select}"
        elif columns:
            text += " VALUES " + ", ".join([f"({self._cells(columns, row)})" for row in rows])
        else:
            text += f" {self.style.default_values}"
        if element.conflict is not None:
            text += self.text(element.conflict)
        return text + self._returning(element, self.style.returning_insert, bare=True)

    def visit_on_conflict(self, element: OnConflict) -> str:
        """ON CONFLICT of an INSERT."""
        if not self.style.on_conflict:
            raise self.style.refusal("ON CONFLICT", "use unitwork.dialects.mysql.insert().on_duplicate_key_update().")
        text = " ON CONFLICT"
        if element.constraint is not None:
            if not self.style.conflict_constraint:
                raise self.style.refusal("ON CONFLICT ON CONSTRAINT", "give index_elements=.")
            text += f" ON CONSTRAINT {self.style.quote(element.constraint)}"
        with self.scope(bare=True):
            if element.elements:
                text += f" ({self.joined(element.elements)})"
                if element.index_where is not None:
                    text += f" WHERE {self.text(element.index_where)}"
        if element.cells is None:
            return f"{text} DO NOTHING"
        text += f" DO UPDATE SET {self._new_values(element.cells)}"
        return text if element.where is None else f"{text} WHERE {self.text(element.where)}"

    def visit_on_duplicate_key(self, element: OnDuplicateKey) -> str:
        """ON DUPLICATE KEY UPDATE of an INSERT."""
        if self.style.on_conflict:
            raise self.style.refusal("ON DUPLICATE KEY UPDATE", "use the insert() of its own dialect.")
        return f" ON DUPLICATE KEY UPDATE {self._new_values(element.cells or {})}"

    def visit_inserted_column(self, element: InsertedColumn) -> str:
        """What the INSERT had for a column."""
        return f"VALUES({self.style.quote(element.name)})"

    def _new_values(self, cells: Mapping[Any, ClauseElement]) -> str:
        quote = self.style.quote
        pairs = [(column, self._cells((column,), (cell,))) for column, cell in cells.items()]
        return ", ".join([f"{quote(column.name)} = {text}" for column, text in pairs])

    def _cells(self, columns: Sequence[Any], row: Sequence[ClauseElement]) -> str:
        texts = []
        for column, cell in zip(columns, row, strict=True):
            self._hint = column.key
            texts.append(self.text(cell))
        self._hint = "param"
        return ", ".join(texts)

    def visit_update(self, element: Update) -> str:
        """An UPDATE; tables that only its criteria name are joined in."""
        self.note_ctes(element)
        target, extra, criteria = element.table, element.extra_froms(), element.all_criteria()
        self._check_extra(extra, self.style.update_extra, "UPDATE")
        in_list = bool(extra) and self.style.update_extra == "list"
        with self.inside((target, *(leaf for one in extra for leaf in one.leaves()))):
            tables = self.joined((target, *extra)) if in_list else self.text(target)
            sets = []
            for column, value in element.assignments():
                name = self.text(column) if in_list else self.style.quote(column.name)
                sets.append(f"{name} = {self._cells((column,), (value,))}")
            text = f"UPDATE {self.affixes(element.prefixes)}{tables} SET {', '.join(sets)}"
            if extra and not in_list:
                text += f" FROM {self.joined(extra)}"
            if criteria:
                text += f" WHERE {self.criteria(criteria)}"
            self._check_with("UPDATE")
            return text + self._returning(element, self.style.returning_update, bare=not extra)

    def visit_delete(self, element: Delete) -> str:
        """A DELETE; tables that only its criteria name are joined in."""
        self.note_ctes(element)
        target, extra, criteria = element.table, element.extra_froms(), element.all_criteria()
        self._check_extra(extra, self.style.delete_extra, "DELETE")
        with self.inside((target, *(leaf for one in extra for leaf in one.leaves()))):
            text = f"DELETE {self.affixes(element.prefixes)}FROM {self.text(target)}"
            if extra:
                listed = (target, *extra) if self.style.delete_extra == "mysql" else extra
                text += f" USING {self.joined(listed)}"
            if criteria:
                text += f" WHERE {self.criteria(criteria)}"
            self._check_with("DELETE")
            return text + self._returning(element, self.style.returning_delete, bare=not extra)

    def _check_with(self, what: str) -> None:
        if self.has_ctes and not self.style.with_before_dml:
            raise self.style.refusal(f"WITH before {what}", "use a subquery.")

    def _check_extra(self, extra: Sequence[Any], way: str, what: str) -> None:
        if extra and not way:
            raise exc.CompileError(
                f"{what} over several tables does not exist on {self.style.name}.",
                do="use a subquery in the criteria.",
                code="multi-table-dml",
            )

    def _returning(self, element: Any, supported: bool, bare: bool) -> str:
        elements = element.result_elements()
        if not elements:
            return ""
        if not supported:
            raise exc.CompileError(
                f"{element.kind.upper()} … RETURNING does not exist on {self.style.name}.",
                do="leave returning() out and read the rows with a SELECT.",
                code="returning-not-supported",
            )
        with self.scope(bare=bare):
            return f" RETURNING {self._columns(elements)}"

    def visit_ddl(self, element: Any) -> str:
        """A statement on the schema makes its own text."""
        return str(element.ddl_text(self.style))


_NAMED = ("column", "label")
_FROM = ("table", "alias", "subquery", "cte", "lateral", "values", "tablesample", "table_valued")

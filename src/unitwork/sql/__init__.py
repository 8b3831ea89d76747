"""The SQL layer: types, expressions, tables, statements, and their text for a database.

It stands on nothing but ``base``, ``exc`` and ``inspection``; it knows no driver and no mapped object.
"""

from __future__ import annotations

from unitwork.sql.clause import ClauseElement
from unitwork.sql.column_operators import ColumnOperators
from unitwork.sql.columns import bindparam, column, literal_column
from unitwork.sql.compound import except_, except_all, intersect, intersect_all, union, union_all
from unitwork.sql.derived import CTE, Lateral, TableClause, Values, alias, lateral, table, values
from unitwork.sql.dml import Delete, Insert, Update, delete, insert, update
from unitwork.sql.elements import BindParameter, ColumnElement, Label, cast
from unitwork.sql.functions import (
    all_,
    and_,
    any_,
    asc,
    between,
    bitwise_not,
    case,
    collate,
    desc,
    distinct,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    nulls_first,
    nulls_last,
    or_,
    tablesample,
    true,
    tuple_,
    type_coerce,
)
from unitwork.sql.select import Select, exists
from unitwork.sql.select_typed import select
from unitwork.sql.text import TextClause, TextualSelect, text
from unitwork.sql.windows import funcfilter, over, within_group

__all__ = [
    "CTE",
    "BindParameter",
    "ClauseElement",
    "ColumnElement",
    "ColumnOperators",
    "Delete",
    "Insert",
    "Label",
    "Lateral",
    "Select",
    "TableClause",
    "TextClause",
    "TextualSelect",
    "Update",
    "Values",
    "alias",
    "all_",
    "and_",
    "any_",
    "asc",
    "between",
    "bindparam",
    "bitwise_not",
    "case",
    "cast",
    "collate",
    "column",
    "delete",
    "desc",
    "distinct",
    "except_",
    "except_all",
    "exists",
    "extract",
    "false",
    "func",
    "funcfilter",
    "insert",
    "intersect",
    "intersect_all",
    "lateral",
    "literal",
    "literal_column",
    "not_",
    "null",
    "nulls_first",
    "nulls_last",
    "or_",
    "over",
    "select",
    "table",
    "tablesample",
    "text",
    "true",
    "tuple_",
    "type_coerce",
    "union",
    "union_all",
    "update",
    "values",
    "within_group",
]

"""Arguments that are said early and understood late: strings and callables in ``relationship()``.

A string is read as a syntax tree and interpreted over a closed world: mapped classes and tables of the registry by
name, their columns, and a few SQL functions. Nothing is ever evaluated as Python. Spec: LB-11.
"""

from __future__ import annotations

import ast
import difflib
import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from unitwork import exc
from unitwork.mapping.conditions import marked
from unitwork.mapping.derived import settled
from unitwork.mapping.mapper import Mapper, MapperHome, RelationshipProperty, mapper_of
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import EntityColumn
from unitwork.sql.functions import and_, asc, desc, func, not_, nulls_first, nulls_last, or_
from unitwork.sql.schema import Column, Table
from unitwork.sql.traversal import rewrite

_FUNCTIONS: dict[str, Any] = {
    "and_": and_,
    "or_": or_,
    "not_": not_,
    "asc": asc,
    "desc": desc,
    "nulls_first": nulls_first,
    "nulls_last": nulls_last,
    "func": func,
    "foreign": functools.partial(marked, mark="foreign"),
    "remote": functools.partial(marked, mark="remote"),
}

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.Invert: operator.invert}


def _bare(element: ClauseElement) -> ClauseElement | None:
    # A join is about columns: whatever class an attribute was read from, its FROM is not wanted here.
    return element.element if isinstance(element, EntityColumn) else None


class _Path:
    """A name that means nothing so far; more dots may make it a class or a table (``shop.models.Book``)."""

    def __init__(self, text: str) -> None:
        self.text = text


class LateArgument:
    """One argument of one relationship, with what is needed to understand it and to say where it stands.

    Args:
        prop: the relationship.
        name: name of the argument, e.g. ``"order_by"``.
    """

    def __init__(self, prop: RelationshipProperty, name: str) -> None:
        self.prop = prop
        self.name = name

    @property
    def _home(self) -> MapperHome:
        return self.prop.parent.registry

    def target(self) -> Mapper:
        """Return the Mapper that the `argument` of the relationship leads to.

        Raises:
            InvalidRequestError [target-unknown, target-ambiguous, target-unmapped]
        """
        found = self.value(self.prop.argument)
        if isinstance(found, Mapper):
            return found
        if not isinstance(found, type):
            raise self._error(
                f"expected a mapped class, got {found!r}",
                do="give the target class, or its name.",
                code="target-unmapped",
            )
        mapper = mapper_of(found)
        if mapper is None:
            raise self._error(
                f"its target class {found.__qualname__} is not mapped",
                do="map it before the first use of this class.",
                code="target-unmapped",
            )
        return mapper

    def table(self, given: Any) -> Table | None:
        """Return the table that `given` means, or None for None.

        Raises:
            InvalidRequestError [late-table]: it is no table.
        """
        if isinstance(given, str) and given in self._home.metadata.tables:
            return self._home.metadata.tables[given]
        found = self.value(given) if given is not None else None
        if isinstance(found, Mapper):
            found = found.local_table
        elif isinstance(found, type) and (mapper := mapper_of(found)) is not None:
            found = mapper.local_table
        if found is None or isinstance(found, Table):
            return found
        raise self._error(f"expected a Table, got {found!r}", do="give a Table or its name.", code="late-table")

    def elements(self, given: Any) -> tuple[ClauseElement, ...]:
        """Return the elements that `given` means; one, or a collection of them; none for None and False.

        Raises:
            InvalidRequestError [late-expression]: one of them is no SQL expression.
        """
        return tuple(self._element(item) for item in self._items(given))

    def element(self, given: Any) -> Any:
        """Return the one element that `given` means, or None for None."""
        found = self.elements(given)
        if len(found) > 1:
            raise self._error(
                "expected one expression, got several", do="join them with and_().", code="late-expression"
            )
        return found[0] if found else None

    def columns(self, given: Any) -> tuple[Column, ...]:
        """Return the columns that `given` means.

        Raises:
            InvalidRequestError [late-expression]: one of them is no column.
        """
        found = self.elements(given)
        for element in found:
            if not isinstance(element, Column):
                raise self._error(
                    f"expected columns, got {element}", do="give columns or mapped attributes.", code="late-expression"
                )
        return tuple(element for element in found if isinstance(element, Column))

    def value(self, given: Any) -> Any:
        """Return what a string or a callable means; anything else as it is.

        Raises:
            InvalidRequestError [late-syntax, late-name, target-unknown, target-ambiguous]
        """
        if callable(given) and not isinstance(given, type) and not _stands_for_sql(given):
            given = given()
        if not isinstance(given, str):
            return given
        try:
            tree = ast.parse(given.strip(), mode="eval").body
        except SyntaxError as error:
            raise self._error(f"{given!r} is not a Python expression", do="correct it.", code="late-syntax") from error
        return self._finished(self._meaning(tree), given)

    def _items(self, given: Any) -> Iterable[Any]:
        found = self.value(given)
        if found is None or found is False:
            return ()
        if isinstance(found, (list, tuple, set, frozenset)):
            return [self.value(item) for item in found]
        return (found,)

    def _element(self, value: Any) -> ClauseElement:
        for _ in range(4):
            if isinstance(value, ClauseElement):
                element: ClauseElement = rewrite(settled(value), _bare)
                return element
            if not hasattr(value, "__clause_element__"):
                break
            value = value.__clause_element__()
        raise self._error(
            f"expected an SQL expression, got {value!r}",
            do="give a column, a mapped attribute or an expression of these.",
            code="late-expression",
        )

    def _meaning(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=owner, attr=attr):
                return self._attribute(self._meaning(owner), attr)
            case ast.Constant(value=value):
                return value
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return [self._operand(item) for item in items]
            case ast.Call(func=ast.Name() | ast.Attribute() as function, args=arguments, keywords=[]):
                called = self._operand(function)
                if not isinstance(called, type) and callable(called):
                    return called(*map(self._operand, arguments))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return _COMPARISONS[type(op)](self._operand(left), self._operand(right))
            case ast.BinOp(left=left, op=binary, right=right) if type(binary) in _BINARY:
                return _BINARY[type(binary)](self._operand(left), self._operand(right))
            case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
                return _UNARY[type(unary)](self._operand(operand))
        raise self._error(
            f"{ast.unparse(node)!r} is not understood in a string",
            do="use names, columns, comparisons, and_(), or_(), not_(), desc(), or give a callable instead.",
            code="late-syntax",
        )

    def _operand(self, node: ast.expr) -> Any:
        return self._finished(self._meaning(node), ast.unparse(node))

    def _named(self, name: str) -> Any:
        """A class, a table or a function of that name, or a path that may go on."""
        classes = self._home.classes_named(name)
        if len(classes) > 1:
            paths = ", ".join(sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in classes))
            raise self._error(
                f"the name {name!r} stands for several mapped classes: {paths}",
                do="write the whole path of the one that is meant.",
                code="target-ambiguous",
            )
        if classes:
            return classes[0]
        if name in self._home.metadata.tables:
            return self._home.metadata.tables[name]
        return _FUNCTIONS.get(name, _Path(name))

    def _attribute(self, owner: Any, attr: str) -> Any:
        if isinstance(owner, _Path):
            found = self._named(f"{owner.text}.{attr}")
            return found if not isinstance(found, _Path) else _Path(f"{owner.text}.{attr}")
        mapper = mapper_of(owner) if isinstance(owner, type) else None
        if mapper is not None:
            if attr in mapper.columns:
                return mapper.columns[attr].column
            if attr == "__table__":
                return mapper.local_table
            raise self._unknown(
                f"{mapper.class_.__name__}.{attr}", "late-name", attr, mapper.columns, "has no such mapped column"
            )
        if isinstance(owner, Table) and attr not in ("c", "columns"):
            if attr in owner.c:
                return owner.c[attr]
            raise self._unknown(f"{owner.name}.{attr}", "late-name", attr, owner.c.keys(), "has no such column")
        if attr.startswith("_") or not hasattr(owner, attr):
            raise self._error(f"{attr!r} is not understood", do="give a callable instead.", code="late-name")
        return getattr(owner, attr)

    def _finished(self, value: Any, text: str) -> Any:
        if not isinstance(value, _Path):
            return value
        names = [*self._home.class_names()]
        if self.name != "argument":
            names += [*self._home.metadata.tables, *_FUNCTIONS]
        kind = "mapped class" if self.name == "argument" else "mapped class or table"
        raise self._unknown(text, "target-unknown", value.text, names, f"names no {kind} of its registry")

    def _unknown(self, text: str, code: str, name: str, names: Iterable[str], why: str) -> exc.InvalidRequestError:
        known = sorted(names)
        close = difflib.get_close_matches(name, known, 3, 0.6)
        listed = ", ".join(close or known[:10]) or "nothing yet"
        more = f", and {len(known) - 10} more" if not close and len(known) > 10 else ""
        do = f"did you mean {listed}?" if close else f"use one of: {listed}{more}; import its module before first use."
        return self._error(f"{text!r} {why}", do=do, code=code, candidates=known)

    def _error(self, why: str, *, do: str, code: str, **facts: Any) -> exc.InvalidRequestError:
        where = f"{self.prop.parent.class_.__name__}.{self.prop.key}"
        what = "" if self.name == "argument" else f" ({self.name})"
        return exc.InvalidRequestError(
            f"relationship {where}{what}: {why}.", do=do, code=code, property=self.prop, **facts
        )


def _stands_for_sql(value: Any) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")

"""``mapped_column()``, ``relationship()`` and their kin: drafts of attributes, as written in a class body.

A draft only keeps what was said. Types that come from annotations, names, targets and joins are worked out later. Type
checkers see each draft as ``Mapped[Any]``, so that it can be assigned to an annotated attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from unitwork import exc
from unitwork.mapping.assemble import ColumnOptions
from unitwork.mapping.cascade_options import CascadeOptions, cascade_for
from unitwork.mapping.derived import ExpressionOptions, LateElement, SynonymOptions
from unitwork.mapping.fields import given_field, keep_field, take_field
from unitwork.mapping.mapper import RelationshipOptions
from unitwork.mapping.typed import Mapped
from unitwork.sql.column_operators import ColumnOperators
from unitwork.sql.operators import Operator
from unitwork.sql.schema import Column
from unitwork.sql.types import TypeEngine

T = TypeVar("T")

#: "Not given", where None means something.
NOT_GIVEN: Any = type("NotGiven", (), {"__repr__": lambda self: "<not given>", "__bool__": lambda self: False})()

LAZY_WORDS = frozenset({"select", "joined", "selectin", "subquery", "immediate", "noload", "raise", "raise_on_sql"})
_LAZY_ALIASES: dict[Any, str] = {True: "select", False: "joined", None: "noload"}


class LateColumn(ColumnOperators):
    """An expression over columns that are not named yet, as ``position.desc()`` in a class body; evaluated when used.

    Args:
        make: gives the element; called when the class is mapped, at the earliest.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def element(self) -> Any:
        """Return the element.

        Raises:
            InvalidRequestError [column-not-mapped-yet]: a class that it needs is not mapped.
        """
        return self._make()

    def __clause_element__(self) -> Any:
        try:
            return self.element()
        except exc.InvalidRequestError as error:
            if error.code != "column-not-mapped-yet":
                raise
            # Part of a larger expression in a class body, which is settled when its class is mapped.
            return LateElement(self.element)

    def operate(self, op: Operator, *others: Any, **options: Any) -> LateColumn:
        return LateColumn(lambda: self.element().operate(op, *others, **options))

    def reverse_operate(self, op: Operator, other: Any) -> LateColumn:
        return LateColumn(lambda: self.element().reverse_operate(op, other))

    def label(self, name: str | None) -> Any:
        """Return this under another name in a result."""
        return LateColumn(lambda: self.element().label(name))


class MappedColumn(LateColumn, Mapped[T]):
    """A column of a mapped class, as drafted by :func:`mapped_column`.

    Attributes:
        column: the Column made of it, once its class is mapped.
        name: column name, or None for the attribute's.
        type_: type as given, or None to take it from the annotation.
        arguments: foreign keys and constraints.
        options: keyword arguments of the Column.
        loading: how the attribute is loaded; its columns are filled in later.
        sort_order: place among the columns of the class; ties follow the order of writing.
        use_existing: a column of that name in the shared table of a hierarchy is meant, if there is one.
    """

    def __init__(
        self,
        name: str | None,
        type_: TypeEngine | type[TypeEngine] | None,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        loading: ColumnOptions,
        sort_order: int,
    ) -> None:
        super().__init__(self._element)
        self.column: Column | None = None
        self.name = name
        self.type_ = type_
        self.arguments = arguments
        self.options = options
        self.loading = loading
        self.sort_order = sort_order
        self.use_existing = False

    def _element(self) -> Column:
        if self.column is None:
            raise exc.InvalidRequestError(
                "a mapped_column() was used in an expression before its class is mapped.",
                do="wrap the expression in a lambda, or name the column in a string.",
                code="column-not-mapped-yet",
            )
        return self.column

    def fresh_copy(self) -> MappedColumn[T]:
        """Return a draft of the same, for another class (a mixin's columns are copied into each class)."""
        copy = MappedColumn[T](self.name, self.type_, self.arguments, self.options, self.loading, self.sort_order)
        copy.use_existing = self.use_existing
        return keep_field(copy, given_field(self))  # type: ignore[no-any-return]


class MappedExpression(Mapped[T]):
    """Columns mapped under one attribute, as drafted by :func:`column_property` and :func:`deferred`."""

    def __init__(self, columns: tuple[Any, ...], loading: ColumnOptions) -> None:
        self.columns = columns
        self.loading = loading


class MappedSql(Mapped[T]):
    """An SQL expression mapped as an attribute, as drafted by :func:`column_property`."""

    def __init__(self, options: ExpressionOptions) -> None:
        self.options = options


class Synonym(Mapped[T]):
    """Another name for an attribute, as drafted by :func:`synonym`."""

    def __init__(self, options: SynonymOptions) -> None:
        self.options = options


class Relationship(Mapped[T]):
    """A relationship, as drafted by :func:`relationship`."""

    def __init__(self, options: RelationshipOptions) -> None:
        self.options = options

    @property
    def cascade(self) -> CascadeOptions:
        """The cascade kinds it was given (CA-10)."""
        return self.options.cascade


def mapped_column(
    __name_or_type: Any = None,
    __type: Any = None,
    /,
    *args: Any,
    nullable: bool | None = None,
    primary_key: bool = False,
    default: Any = NOT_GIVEN,
    insert_default: Any = NOT_GIVEN,
    deferred: bool = False,
    deferred_group: str | None = None,
    active_history: bool = False,
    name: str | None = None,
    type_: TypeEngine | type[TypeEngine] | None = None,
    doc: str | None = None,
    info: dict[Any, Any] | None = None,
    sort_order: int = 0,
    use_existing_column: bool = False,
    **options: Any,
) -> MappedColumn[Any]:
    """Declare a mapped column; what is not said comes from the annotation and the attribute's name.

    Args:
        args: name, type, then ForeignKey and other constraints; each may be left out.
        nullable: by default True where the annotation allows None or is missing, else False.
        default: value, callable or SQL expression for INSERT; `insert_default` is the same and goes first.
        deferred: load the attribute when it is first read; `deferred_group` loads its group with it.
        active_history: load the old value before it is replaced.
        sort_order: place in the table; ties follow the order of writing, own columns before those of mixins.
        use_existing_column: a subclass without a table of its own means the column of the shared table, if it has one.
        options: further keyword arguments of Column; and of a dataclass field (init, repr, default_factory, compare,
            kw_only, hash, dataclass_metadata), of which `default` is then the default, too.
    Raises:
        ArgumentError [mapped-column-argument]: an argument is no name, type or constraint, or is given twice.
    Spec: LB-01, LB-06, LB-18.
    """
    field = take_field(options, "mapped_column", others_allowed=True)
    if default is not NOT_GIVEN:
        field["default"] = default
    given = [item for item in (__name_or_type, __type, *args) if item is not None]
    if given and isinstance(given[0], str):
        name = _once("name", name, given.pop(0))
    if given and (isinstance(given[0], TypeEngine) or _is_type_class(given[0])):
        type_ = _once("type", type_, given.pop(0))
    wrong = [item for item in given if isinstance(item, (str, type, TypeEngine))]
    if wrong:
        raise exc.ArgumentError(
            f"mapped_column() was given {wrong[0]!r}, which is no constraint.",
            do="give name, type and constraints in this order: mapped_column('name', String(30), ForeignKey('t.id')).",
            code="mapped-column-argument",
        )
    if primary_key:
        options["primary_key"] = True
    if nullable is not None:
        options["nullable"] = nullable
    if insert_default is not NOT_GIVEN or default is not NOT_GIVEN:
        options["default"] = insert_default if insert_default is not NOT_GIVEN else default
    loading = ColumnOptions((), deferred or deferred_group is not None, deferred_group, active_history, doc, info or {})
    made = MappedColumn[Any](name, type_, tuple(given), options, loading, sort_order)
    made.use_existing = use_existing_column
    return keep_field(made, field)  # type: ignore[no-any-return]


def _once(what: str, named: Any, positional: Any) -> Any:
    if named is not None:
        raise exc.ArgumentError(
            f"mapped_column() was given its {what} twice: {positional!r} and {named!r}.",
            do="give it once.",
            code="mapped-column-argument",
        )
    return positional


def _is_type_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, TypeEngine)


def column_property(
    *columns: Any,
    group: str | None = None,
    deferred: bool = False,
    active_history: bool = False,
    doc: str | None = None,
    info: dict[Any, Any] | None = None,
    **field: Any,
) -> Any:
    """Map an SQL expression as an attribute; or columns of the class's table under one attribute, with options.

    An expression is loaded with the object and never written; a flush of the object has it loaded again.

    Args:
        columns: one SQL expression; or one Column or mapped_column, or several, of which the first one is read.
        group, deferred, active_history, field: as for :func:`mapped_column`.
    Raises:
        ArgumentError [column-property]: several were given that are not all columns, or none.
    Spec: LB-06.
    """
    field = take_field(field, "column_property")
    is_deferred = deferred or group is not None
    plain = [item for item in columns if isinstance(item, (Column, MappedColumn))]
    if len(columns) == 1 and not plain:
        return keep_field(MappedSql[Any](ExpressionOptions(columns[0], is_deferred, group, doc, info or {})), field)
    if len(plain) != len(columns) or not columns:
        raise exc.ArgumentError(
            "column_property() takes one SQL expression, or columns of the class's table.",
            do="combine the expressions into one, or map each under a name of its own.",
            code="column-property",
        )
    loading = ColumnOptions((), is_deferred, group, active_history, doc, info or {})
    return keep_field(MappedExpression[Any](columns, loading), field)


def synonym(
    name: str,
    *,
    map_column: bool | None = None,
    descriptor: Any = None,
    info: dict[Any, Any] | None = None,
    doc: str | None = None,
    **field: Any,
) -> Any:
    """Declare another name for an attribute: in SQL, in ``filter_by``, as a keyword, for reading and writing.

    Args:
        name: the attribute it stands for.
        map_column: the column called as the synonym is mapped under `name`.
        descriptor: reads and writes on instances instead; by default a property that the class has under that name.
    Spec: LB-06.
    """
    made = Synonym[Any](SynonymOptions(name, bool(map_column), descriptor, doc, info or {}))
    return keep_field(made, take_field(field, "synonym"))


def synonym_for(name: str, map_column: bool = False) -> Callable[[Any], Any]:
    """Return a decorator that makes a property a synonym, read by the property and asked for in SQL by `name`."""
    return lambda function: synonym(
        name, map_column=map_column, descriptor=function if hasattr(function, "__get__") else property(function)
    )


def deferred(column: Any, *additional_columns: Any, group: str | None = None, **field: Any) -> Any:
    """Map a column, or an SQL expression, that is loaded when it is first read, together with its group (LB-06)."""
    return column_property(column, *additional_columns, group=group, deferred=True, **field)


def relationship(
    argument: Any = None,
    secondary: Any = None,
    *,
    primaryjoin: Any = None,
    secondaryjoin: Any = None,
    foreign_keys: Any = None,
    remote_side: Any = None,
    back_populates: str | None = None,
    backref: str | tuple[str, dict[str, Any]] | None = None,
    uselist: bool | None = None,
    order_by: Any = None,
    lazy: str | bool | None = "select",
    collection_class: Callable[[], Any] | None = None,
    cascade: str | Iterable[str] | None = NOT_GIVEN,
    cascade_backrefs: bool = False,
    passive_deletes: bool | str = False,
    passive_updates: bool = True,
    post_update: bool = False,
    viewonly: bool = False,
    single_parent: bool = False,
    sync_backref: bool | None = None,
    load_on_pending: bool = False,
    enable_typechecks: bool = True,
    active_history: bool = False,
    innerjoin: bool | str = False,
    join_depth: int | None = None,
    overlaps: str | None = None,
    info: dict[Any, Any] | None = None,
    doc: str | None = None,
    **field: Any,
) -> Relationship[Any]:
    """Declare a relationship to another mapped class.

    `field` are arguments of a dataclass field, as for :func:`mapped_column`.
    Target, `secondary`, joins, `foreign_keys`, `remote_side` and `order_by` may be strings or callables, which are
    understood when the mappers are configured. The target may be left out where an annotation names it.
    `passive_updates` and `load_on_pending` are kept and have no effect yet (docs/scope.md).

    Raises:
        ArgumentError [cascade-unknown, cascade-backrefs, backref-and-back-populates, lazy-unknown,
            viewonly-sync-backref]
    Spec: LB-10 to LB-12, CA-01 to CA-04, CA-07 to CA-09.
    """
    _check_options(back_populates, backref, cascade_backrefs, viewonly, sync_backref)
    made = Relationship[Any](
        RelationshipOptions(
            argument=argument,
            secondary=secondary,
            primaryjoin=primaryjoin,
            secondaryjoin=secondaryjoin,
            foreign_keys=foreign_keys,
            remote_side=remote_side,
            order_by=order_by,
            back_populates=back_populates,
            backref=_backref_options(backref, secondary, viewonly),
            uselist=uselist,
            lazy=_lazy(lazy),
            collection_class=collection_class,
            cascade=cascade_for(cascade or None, given=cascade is not NOT_GIVEN, viewonly=viewonly),
            passive_deletes=passive_deletes,
            passive_updates=passive_updates,
            post_update=post_update,
            viewonly=viewonly,
            single_parent=single_parent,
            sync_backref=sync_backref,
            load_on_pending=load_on_pending,
            enable_typechecks=enable_typechecks,
            active_history=active_history,
            innerjoin=innerjoin,
            join_depth=join_depth,
            overlaps=frozenset(name.strip() for name in (overlaps or "").split(",") if name.strip()),
            info=info if info is not None else {},
            doc=doc,
        )
    )
    return keep_field(made, take_field(field, "relationship"))  # type: ignore[no-any-return]


def backref(name: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """Return a back reference with options of its own, for ``relationship(backref=...)`` (CA-09)."""
    return (name, options)


def _backref_options(
    given: str | tuple[str, dict[str, Any]] | None, secondary: Any, viewonly: bool
) -> tuple[str, RelationshipOptions] | None:
    if given is None:
        return None
    name, options = (given, {}) if isinstance(given, str) else given
    options = {"viewonly": viewonly, **options}
    return name, relationship(secondary=secondary, **options).options


def _check_options(
    back_populates: str | None, backref: Any, cascade_backrefs: bool, viewonly: bool, sync_backref: bool | None
) -> None:
    if back_populates is not None and backref is not None:
        raise exc.ArgumentError(
            f"relationship() was given both backref and back_populates={back_populates!r}.",
            do="use back_populates on both sides, or backref on one of them.",
            code="backref-and-back-populates",
        )
    if cascade_backrefs:
        raise exc.ArgumentError(
            "relationship(cascade_backrefs=True) is no longer possible: setting the other side never cascades.",
            do="leave it out, and add() the object.",
            code="cascade-backrefs",
        )
    if viewonly and sync_backref:
        raise exc.ArgumentError(
            "relationship() was given viewonly=True and sync_backref=True: what is only viewed is not kept in step.",
            do="drop one of them.",
            code="viewonly-sync-backref",
        )


def _lazy(given: str | bool | None) -> str:
    word = given if isinstance(given, str) else _LAZY_ALIASES[given]
    if word not in LAZY_WORDS:
        later = word in ("dynamic", "write_only", "peers")
        raise exc.ArgumentError(
            f"relationship(lazy={given!r}) is {'not there yet' if later else 'no way of loading'}.",
            do=f"use one of {', '.join(sorted(LAZY_WORDS))}.",
            code="lazy-unknown",
        )
    return word

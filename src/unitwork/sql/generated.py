"""Values that the database makes by a rule of the schema: identity columns and computed ones.

Spec: LB-17, LB-44.
"""

from __future__ import annotations

import operator
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe
from unitwork.sql.defaults import FetchedValue
from unitwork.sql.text import text

_NUMBERS = ("start", "increment", "minvalue", "maxvalue", "cache")


class IdentityOptions:
    """How a sequence or an identity column counts; None leaves a choice to the database.

    Attributes:
        options: those that were given, by name.
    Raises:
        ArgumentError [bad-sequence-option]: a number is none, an option is unknown, or two contradict each other.
    """

    def __init__(self, **options: Any) -> None:
        self.options: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        for name in _NUMBERS:
            if name in self.options:
                self.options[name] = _whole(name, self.options[name])
        if self.options.get("increment") == 0:
            raise exc.ArgumentError("increment=0 does not count.", do="use another step.", code="bad-sequence-option")
        for one, other in (("minvalue", "nominvalue"), ("maxvalue", "nomaxvalue")):
            if one in self.options and self.options.get(other):
                raise exc.ArgumentError(
                    f"{one}= and {other}=True contradict each other.", do="give one.", code="bad-sequence-option"
                )

    def __getattr__(self, name: str) -> Any:
        if name in _OPTIONS:
            return self.options.get(name)
        raise AttributeError(name)

    @property
    def counts_up(self) -> bool:
        """Later values are greater, always."""
        return self.options.get("increment", 1) > 0 and not self.options.get("cycle")

    def words(self) -> list[str]:
        """Return the options as PostgreSQL and MariaDB spell them; ORDER is left out, they have none."""
        given = self.options
        spelled = (("start", "START WITH"), ("increment", "INCREMENT BY"))
        limits = (("minvalue", "MINVALUE"), ("maxvalue", "MAXVALUE"))
        found = [f"{word} {given[name]}" for name, word in spelled if name in given]
        for name, word in limits:
            if name in given:
                found.append(f"{word} {given[name]}")
            elif given.get(f"no{name}"):
                found.append(f"NO {word}")
        if "cache" in given:
            found.append(f"CACHE {given['cache']}")
        if "cycle" in given:
            found.append("CYCLE" if given["cycle"] else "NO CYCLE")
        return found


_OPTIONS = frozenset({*_NUMBERS, "nominvalue", "nomaxvalue", "cycle", "order"})


def _whole(name: str, value: Any) -> int:
    try:
        # A number of another class may show itself otherwise than it is; what is kept is an int.
        return int(operator.index(value))
    except TypeError:
        raise exc.ArgumentError(
            f"{name}= needs a whole number, got {describe(value)}.", do="pass an int.", code="bad-sequence-option"
        ) from None


class Identity(IdentityOptions, FetchedValue):
    """A column that the database counts up: GENERATED … AS IDENTITY, or what comes next to it.

    On databases without it the primary key counts up in their way (`start` is kept on MariaDB, the other options are
    left out); any other column is refused when its table is created.

    Args:
        always: values cannot be given by hand; on PostgreSQL only.
        on_null: for another database; kept, and left out.
    """

    def __init__(
        self,
        always: bool | None = False,
        on_null: bool | None = None,
        start: int | None = None,
        increment: int | None = None,
        minvalue: int | None = None,
        maxvalue: int | None = None,
        nominvalue: bool | None = None,
        nomaxvalue: bool | None = None,
        cycle: bool | None = None,
        cache: int | None = None,
        order: bool | None = None,
    ) -> None:
        IdentityOptions.__init__(
            self,
            start=start,
            increment=increment,
            minvalue=minvalue,
            maxvalue=maxvalue,
            nominvalue=nominvalue,
            nomaxvalue=nomaxvalue,
            cycle=cycle,
            cache=cache,
            order=order,
        )
        FetchedValue.__init__(self)
        self.always = bool(always)
        self.on_null = on_null

    def copy(self) -> Identity:
        """Return another of the same."""
        return Identity(self.always, self.on_null, **self.options)

    def __repr__(self) -> str:
        return f"Identity({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"


class Computed(FetchedValue):
    """A column that the database computes from others of its row, and that is never written.

    Args:
        sqltext: text or expression.
        persisted: True stores the values, False computes them when read, None as the database likes it best.
    """

    def __init__(self, sqltext: Any, persisted: bool | None = None) -> None:
        super().__init__()
        if not isinstance(sqltext, str) and not hasattr(sqltext, "__clause_element__"):
            raise exc.ArgumentError(
                f"Computed needs SQL text or an expression, got {describe(sqltext)}.",
                do="pass it as Computed('price * amount').",
                code="not-an-expression",
            )
        self.sqltext: ClauseElement = text(sqltext) if isinstance(sqltext, str) else sqltext.__clause_element__()
        self.persisted = persisted

    def copy(self) -> Computed:
        """Return another of the same."""
        return Computed(self.sqltext, self.persisted)

    def __repr__(self) -> str:
        return f"Computed({self.sqltext!s})"

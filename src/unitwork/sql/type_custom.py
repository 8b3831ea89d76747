"""Types of the user's own: TypeDecorator over another type, UserDefinedType with a SQL name of its own.

Spec: LB-19, LB-20.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.sql.type_base import TypeEngine, to_type
from unitwork.sql.types import LargeBinary


class CustomType(TypeEngine):
    """What types with code of the user share.

    Attributes:
        cache_ok: True says that two instances made with equal arguments work alike, and may share prepared statements;
            else each instance is taken for itself, which is always right.
    """

    cache_ok: bool | None = None
    coerces = True
    converts_null = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse what would have to wrap SQL around each value.

        Raises:
            ArgumentError [type-expression]: the class has a method for it.
        """
        super().__init_subclass__(**options)
        for name in ("bind_expression", "column_expression"):
            if name in vars(cls):
                raise exc.ArgumentError(
                    f"{cls.__name__}.{name}() would wrap SQL around each value; unitwork has no place for that.",
                    do="convert the value in Python, or put the function into the statement: func.lower(column).",
                    code="type-expression",
                )

    def own_key(self) -> Any:
        if self.cache_ok is not True:
            return self
        names = [name for name in inspect.signature(type(self).__init__).parameters if name in self.__dict__]
        key = (type(self), *((name, self.__dict__[name]) for name in names if name != "impl"))
        try:
            hash(key)
        except TypeError:
            return self
        return key


class TypeDecorator(CustomType):
    """Another type, :attr:`impl`, with conversions before and behind it.

    A subclass names `impl` and overrides what it needs: `process_bind_param` before a value is sent,
    `process_result_value` behind one that came, `load_dialect_impl` for another type on some database,
    `coerce_compared_value`, `compare_values`, `process_literal_param`.

    Attributes:
        impl: the class or instance of the type in the class body; the instance on an instance.
    Raises:
        ArgumentError [type-decorator-impl]: the class names no `impl`.
    """

    visit = "decorated"
    impl: Any
    coerce_to_is_types: tuple[type, ...] = (type(None),)

    def __init__(self, *args: Any, **options: Any) -> None:
        made = getattr(type(self), "impl", None)
        if made is None:
            raise exc.ArgumentError(
                f"{type(self).__name__} does not say which type it decorates.",
                do="write impl = String (or another type) into the class.",
                code="type-decorator-impl",
            )
        self.impl: Any = made(*args, **options) if isinstance(made, type) else to_type(made)
        if self.impl.should_evaluate_none:
            self.should_evaluate_none = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return what is given to `impl` for a value (None, too) that is sent."""
        return value

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return the value for what `impl` gives (None, too) of a row."""
        return value

    def process_literal_param(self, value: Any, dialect: Any) -> Any:
        """Return what is given to `impl` for a value that is written into SQL text."""
        return self.process_bind_param(value, dialect)

    def load_dialect_impl(self, dialect: Any) -> TypeEngine:
        """Return the type to use on a dialect; see its `name` and `type_descriptor()`."""
        found: TypeEngine = self.impl
        return found

    def type_engine(self, dialect: Any) -> TypeEngine:
        """Return the type in use on a dialect."""
        return to_type(self.load_dialect_impl(dialect))

    def compare_values(self, left: Any, right: Any) -> bool:
        """As `impl` does, with the values that programs see."""
        return bool(self.impl.compare_values(left, right))

    def own_key(self) -> Any:
        key = super().own_key()
        return key if key is self else (key, self.impl.cache_key)

    @property
    def base(self) -> TypeEngine:
        """That of `impl`."""
        found: TypeEngine = self.impl.base
        return found

    def __getattr__(self, name: str) -> Any:
        # What `impl` knows, as its length; never asked for what this class has.
        if name.startswith("_") or name == "impl":
            raise AttributeError(name)
        return getattr(self.impl, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__dict__.get('impl')!r})"


class UserDefinedType(CustomType):
    """A type of the database that unitwork does not know, by its name and conversions."""

    visit = "user"

    def get_col_spec(self, **options: Any) -> str:
        """Return the name of the type in CREATE TABLE and CAST.

        Raises:
            CompileError [type-not-renderable]: the class does not say it.
        """
        raise exc.CompileError(
            f"{type(self).__name__} does not say its SQL name.",
            do="override get_col_spec().",
            code="type-not-renderable",
        )

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any] | None:
        """Return the conversion of a value (None, too) that is sent, or None for none."""
        return None

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
        """Return the conversion of a value (None, too) of a row, or None for none."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PickleType(TypeDecorator):
    """Any object that Python can pickle, as bytes.

    Unpickling runs code: read only what you trust. A change inside of a loaded object is not noticed: assign another
    one, or call ``flag_modified()``.

    Args:
        protocol: of pickle.
        pickler: a module or object with `dumps` and `loads`.
        comparator: a function of two values that says whether they are the same; ``==`` by default.
        impl: the binary type to use instead of LargeBinary.
    """

    impl: Any = LargeBinary
    cache_ok = True

    def __init__(
        self,
        protocol: int = pickle.HIGHEST_PROTOCOL,
        pickler: Any = None,
        comparator: Callable[[Any, Any], bool] | None = None,
        impl: Any = None,
    ) -> None:
        super().__init__()
        self.protocol = protocol
        self.pickler = pickle if pickler is None else pickler
        self.comparator = comparator
        if impl is not None:
            self.impl = to_type(impl)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value is None:
            return None
        try:
            return self.pickler.dumps(value, self.protocol)
        except Exception as err:
            raise ValueError(
                f"an object of type {type(value).__qualname__} cannot be pickled ({type(err).__name__})"
            ) from err

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else self.pickler.loads(value)

    def compare_values(self, left: Any, right: Any) -> bool:
        """By the comparator, else by ``==``."""
        return bool(left == right if self.comparator is None else self.comparator(left, right))

"""SynonymProperty: another name for an attribute; plain data, as the other properties in mapper.py."""

from __future__ import annotations

from typing import Any


class SynonymProperty:
    """Another name for an attribute of a class.

    Attributes:
        key: the name.
        name: the attribute it stands for.
        descriptor: what reads and writes on instances instead, or None.
    """

    __slots__ = ("descriptor", "doc", "info", "key", "name", "parent")

    def __init__(self, key: str, parent: Any, name: str) -> None:
        self.key = key
        self.parent = parent
        self.name = name
        self.descriptor: Any = None
        self.doc: str | None = None
        self.info: dict[Any, Any] = {}

    @property
    def class_attribute(self) -> Any:
        """The attribute of the mapped class, as used in SQL expressions: that of the target."""
        return getattr(self.parent.class_, self.key)

    def __repr__(self) -> str:
        return f"<SynonymProperty {self.parent.class_.__name__}.{self.key}>"

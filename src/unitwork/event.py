"""Listen to what happens: ``listen``, ``listens_for``, ``remove`` and ``contains``, from ``base/hooks.py``."""

from unitwork.base.hooks import contains, listen, listens_for, remove

__all__ = ["contains", "listen", "listens_for", "remove"]

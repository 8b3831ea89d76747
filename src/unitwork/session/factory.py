"""sessionmaker, a factory of Sessions with stored arguments; and functions over all Sessions.

Spec: SB-19 to SB-32, AP-42.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic

from unitwork.base import hooks
from unitwork.engine.connection import Connection
from unitwork.engine.engine import Engine
from unitwork.session.attach import release
from unitwork.session.core import SESSION_EVENTS
from unitwork.session.session import Session, all_sessions
from unitwork.state.instance import state_of
from unitwork.state.lifecycle import DETACHED, TRANSIENT, move

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    S = TypeVar("S", bound=Session, default=Session)
else:
    from typing import TypeVar

    S = TypeVar("S", bound=Session)


class sessionmaker(Generic[S]):
    """Makes Sessions with the same arguments each time.

    Args:
        bind: Engine or Connection of the Sessions.
        class_: Session class; the maker uses a private subclass of it, so that events on one maker reach no other.
        autoflush, expire_on_commit, info, kw: stored, and passed to the class at each call.
    Spec: SB-19 to SB-31.
    """

    def __init__(
        self,
        bind: Engine | Connection | None = None,
        *,
        class_: type[S] = Session,  # type: ignore[assignment]
        autoflush: bool = True,
        expire_on_commit: bool = True,
        info: Mapping[Any, Any] | None = None,
        **kw: Any,
    ) -> None:
        self.kw: dict[str, Any] = {"bind": bind, "autoflush": autoflush, "expire_on_commit": expire_on_commit, **kw}
        if info is not None:
            self.kw["info"] = dict(info)
        self.class_: type[S] = type(class_.__name__, (class_,), {"__module__": class_.__module__})

    def __call__(self, **local_kw: Any) -> S:
        """Return a new Session; arguments override the stored ones, `info` is merged (SB-29, SB-30)."""
        if not local_kw:
            return self.class_(**self.kw)
        merged = {**self.kw, **local_kw}
        if "info" in self.kw and local_kw.get("info") is not None:
            merged["info"] = {**self.kw["info"], **local_kw["info"]}
        return self.class_(**merged)

    @contextlib.contextmanager
    def begin(self) -> Iterator[S]:
        """Give a new Session in a transaction that commits at the end of the block, or rolls back (SB-23)."""
        with self() as session, session.begin():
            yield session

    def configure(self, **new_kw: Any) -> None:
        """Change the stored arguments, for Sessions made from now on (SB-27)."""
        self.kw.update(new_kw)

    def __repr__(self) -> str:
        stored = ", ".join(f"{name}={value!r}" for name, value in self.kw.items())
        return f"sessionmaker(class_={self.class_.__name__!r}, {stored})"


@hooks.targets(sessionmaker)
def _maker_table(target: sessionmaker[Any], name: str) -> hooks.HookTable | None:
    return target.class_._class_hooks if name in SESSION_EVENTS else None


def close_all_sessions() -> None:
    """Close every live Session of the process (AP-43)."""
    for session in list(all_sessions):
        session.close()


def make_transient(instance: object) -> None:
    """Make an object new again: off its Session, without identity; loaded values stay, unloaded ones read as None.

    To insert a copy of its row, set its primary key to None and add it.

    Raises:
        UnmappedInstanceError [unmapped]: its class is not mapped.
    Spec: AP-46, AP-47, ST-16.
    """
    state = state_of(instance)
    if state.tracker is not None:
        release(state.tracker, state)
    if state.phase == DETACHED:
        move(state, TRANSIENT)
    state.pk = state.changes = state.expired = state.queued = None
    state.set_extra("was_deleted", None)


@hooks.targets(Session)
def _session_table(target: Session, name: str) -> hooks.HookTable | None:
    if name not in SESSION_EVENTS:
        return None
    core = target._core
    if core.hooks is type(target)._class_hooks:
        core.hooks = core.hooks.child()
    return core.hooks


@hooks.targets(type)
def _session_class_table(target: type, name: str) -> hooks.HookTable | None:
    if issubclass(target, Session):
        return target._class_hooks if name in SESSION_EVENTS else None
    return None

"""One Session per scope, through one object."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.support.models import Author
from unitwork import event, exc, inspect, select
from unitwork.orm import Session, scoped_session, sessionmaker


def test_one_session_per_thread(library: Any) -> None:
    """CX-02, CX-13: calls in one thread give one Session, another thread has another one."""
    registry = scoped_session(sessionmaker(library))
    others: list[Session] = []

    thread = threading.Thread(target=lambda: others.append(registry()))
    thread.start()
    thread.join()

    assert registry() is registry()
    assert others[0] is not registry()
    registry.remove()


def test_methods_are_those_of_the_present_session(library: Any) -> None:
    """CX-08 to CX-10: a call through the registry makes the Session when there is none, and acts on it."""
    registry = scoped_session(sessionmaker(library))

    registry.add(Author(name="ann"))
    registry.commit()
    names = registry.scalars(select(Author.name)).all()
    registry.autoflush = False

    assert (names, registry().autoflush) == (["ann"], False)
    registry.remove()


def test_remove_closes_and_forgets(library: Any) -> None:
    """CX-04, CX-05, CX-15: after remove() there is another Session, and the objects of the old one are detached."""
    registry = scoped_session(sessionmaker(library))
    author = Author(name="ann")
    registry.add(author)
    registry.commit()
    before = registry()

    registry.remove()

    assert inspect(author).detached
    assert registry() is not before
    registry.remove()
    registry.remove()


def test_arguments_need_an_empty_scope(library: Any) -> None:
    """CX-03: arguments go to the factory, and are refused when there is a Session."""
    registry = scoped_session(sessionmaker(library))

    assert registry(autoflush=False).autoflush is False
    with pytest.raises(exc.InvalidRequestError):
        registry(autoflush=True)
    registry.remove()


def test_configure_warns_of_a_present_session(library: Any) -> None:
    """CX-06: configure() changes Sessions made later, and warns if there is one."""
    registry = scoped_session(sessionmaker(library))
    registry()

    with pytest.warns(exc.UnitworkWarning):
        registry.configure(autoflush=False)

    assert registry().autoflush is True
    registry.remove()
    assert registry().autoflush is False
    registry.remove()


def test_scope_of_a_function(library: Any) -> None:
    """CX-16, CX-17: scopefunc chooses the Session; its keys must be hashable."""
    scope: list[Any] = ["a"]
    registry = scoped_session(sessionmaker(library), scopefunc=lambda: scope[0])
    first = registry()
    scope[0] = "b"
    second = registry()
    registry.remove()
    scope[0] = "a"

    assert first is registry()
    assert first is not second
    registry.remove()
    scope[0] = []
    with pytest.raises(TypeError):
        registry()


def test_listeners_reach_the_factory(library: Any) -> None:
    """CX-20, EV-04: a listener on the registry hears the Sessions of its factory."""
    registry = scoped_session(sessionmaker(library))
    heard: list[Session] = []
    event.listen(registry, "before_flush", lambda session, context, instances: heard.append(session))

    registry.add(Author(name="ann"))
    registry.flush()

    assert heard == [registry()]
    registry.remove()

"""Parsing of the ``cascade`` option."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

from unitwork import exc
from unitwork.mapping.cascade_options import ALL_KINDS, CascadeOptions, cascade_for


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ("save-update, merge", {"save-update", "merge"}),
        ("all", set(ALL_KINDS)),
        ("all, delete-orphan", ALL_KINDS | {"delete-orphan"}),
        (["delete", "merge"], {"delete", "merge"}),
        ({"expunge"}, {"expunge"}),
        ("", set()),
        (None, set()),
        ("none", set()),
        ("all, none", set()),
        (" refresh-expire ,", {"refresh-expire"}),
    ],
)
def test_a_cascade_is_a_set_of_kinds(given: object, kinds: set[str]) -> None:
    """Strings and collections are accepted; ``all`` leaves delete-orphan out. CA-01, CA-02."""
    assert CascadeOptions(given) == kinds  # type: ignore[arg-type]


def test_each_kind_has_a_boolean_member() -> None:
    """CA-10."""
    cascade = CascadeOptions("save-update, delete")

    members = (cascade.save_update, cascade.merge, cascade.refresh_expire, cascade.expunge, cascade.delete)
    assert members == (True, False, False, False, True)
    assert cascade.delete_orphan is False


def test_an_unknown_kind_is_refused_by_name() -> None:
    """CA-03."""
    with pytest.raises(exc.ArgumentError, match=r"unknown cascade names 'fly', 'swim'") as caught:
        CascadeOptions("save-update, swim, fly")

    assert caught.value.code == "cascade-unknown"


def test_the_default_depends_on_viewonly() -> None:
    """CA-02, CA-07."""
    assert cascade_for(None, given=False, viewonly=False) == {"save-update", "merge"}
    assert cascade_for(None, given=False, viewonly=True) == {"merge"}


def test_viewonly_keeps_only_what_never_writes() -> None:
    """Silently. CA-07."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        kept = cascade_for("all, delete-orphan", given=True, viewonly=True)

    assert kept == {"merge", "expunge", "refresh-expire"}


def test_delete_orphan_without_delete_warns() -> None:
    """CA-04."""
    with pytest.warns(exc.UnitworkWarning, match="without 'delete'"):
        cascade_for("delete-orphan", given=True, viewonly=False)


def test_options_survive_copies_and_pickles() -> None:
    """They are values."""
    cascade = CascadeOptions("all, delete-orphan")

    for made in (copy.copy(cascade), copy.deepcopy(cascade), pickle.loads(pickle.dumps(cascade))):
        assert made == cascade
        assert made.delete_orphan is True


def test_the_repr_lists_kinds_in_a_fixed_order() -> None:
    """Whatever the order they were given in."""
    assert repr(CascadeOptions("merge, save-update")) == "CascadeOptions('save-update, merge')"

"""The specification and the tests: ids that tests cite exist, and docs/scope.md has a place for every id."""

from __future__ import annotations

from tests.support import spec
from tests.support.source import assert_none


def test_ids_that_tests_cite_exist() -> None:
    """A mistyped id would count as coverage of nothing."""
    known = set(spec.known_ids())
    assert_none(f"{id_} in {files}" for id_, files in spec.citations().items() if id_ not in known)


def test_every_id_has_its_place_in_the_scope() -> None:
    """It works now, or an issue brings it."""
    assert_none(spec.scope().problems)


def test_what_works_now_is_cited_by_a_test() -> None:
    """`scripts/spec_coverage.py` says the same, with figures."""
    cited = spec.citations()

    assert_none(sorted(id_ for id_ in spec.scope().now if id_ not in cited))

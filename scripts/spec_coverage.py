"""Which statements of the specification have a test that cites them.

python scripts/spec_coverage.py            what is promised and untested; exit 1 if anything is
python scripts/spec_coverage.py --all      also the untested ids that come later, by issue
python scripts/spec_coverage.py --cited    the ids that tests cite, as ranges, to put into docs/scope.md
python scripts/spec_coverage.py SB-01 …    the tests that cite these
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support import spec


def main(arguments: list[str]) -> int:
    """Print what is asked for, and return the exit status."""
    cited = spec.citations()
    if arguments == ["--cited"]:
        print("\n".join(ranges([id_ for id_ in spec.defined_ids() if id_ in cited])))
        return 0
    if arguments and arguments != ["--all"]:
        for id_ in spec.ids_in(" ".join(arguments)):
            print(f"{id_}: {', '.join(cited.get(id_, ['no test']))}")
        return 0
    return report(cited, everything=bool(arguments))


def report(cited: dict[str, list[str]], *, everything: bool) -> int:
    """Print the coverage, and return 1 if a promise is untested or docs/scope.md is wrong."""
    ids, scope = spec.defined_ids(), spec.scope()
    for chapter, total in Counter(id_[:2] for id_ in ids).items():
        mine = [id_ for id_ in ids if id_.startswith(chapter)]
        tested, now = sum(id_ in cited for id_ in mine), sum(id_ in scope.now for id_ in mine)
        print(f"{chapter}  {total:4} statements  {now:4} work now  {tested:4} cited by tests")
    if everything:
        untested = [id_ for id_ in ids if id_ not in cited and id_ in scope.later]
        for issue in sorted({scope.later[id_] for id_ in untested}):
            print(f"issue {issue}: {', '.join(ranges([id_ for id_ in untested if scope.later[id_] == issue]))}")
    failures = [f"{id_} works now and no test cites it" for id_ in ids if id_ in scope.now and id_ not in cited]
    failures += scope.problems
    for line in failures:
        print(f"FAIL: {line}")
    print(f"{len(scope.now)} of {len(ids)} statements work now; {len(failures)} failures")
    return 1 if failures else 0


def ranges(ids: Iterable[str]) -> list[str]:
    """Ids in order, with runs of three or more as ``first … last``."""
    runs: list[list[str]] = []
    for id_ in ids:
        if runs and follows(runs[-1][-1], id_):
            runs[-1].append(id_)
        else:
            runs.append([id_])
    return [part for run in runs for part in ([f"{run[0]} … {run[-1]}"] if len(run) > 2 else run)]


def follows(first: str, second: str) -> bool:
    """`second` is the next id of the same chapter."""
    return first[:3] == second[:3] and int(second[3:]) == int(first[3:]) + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

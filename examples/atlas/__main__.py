"""python examples/atlas [URL] [--cities N] [--keep]: the world through one Session, and checked.

Without a URL the world goes into an SQLite file of its own, which is gone afterwards. With one, the tables called
atlas_* of that database are made anew, and dropped in the end unless asked to be kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ask import ask
from change import delete_continent, rename_and_move, roll_back
from checks import Checks, check_totals, read_back
from console import Console
from load import load_world
from models import Base
from source import read_world

from unitwork import create_engine
from unitwork.orm import Session


def main() -> int:
    """Parse the command line, run, and return the exit status: 0 when every check held."""
    parser = argparse.ArgumentParser(prog="atlas", description="Load the world through one Session and check it.")
    parser.add_argument("url", nargs="?", help="database URL; default: a new SQLite file in a temporary directory")
    parser.add_argument("--cities", type=int, metavar="N", help="load about N cities instead of all")
    parser.add_argument("--keep", action="store_true", help="leave the tables in the database")
    options = parser.parse_args()
    if options.url:
        return run(options.url, options.cities, options.keep)
    with tempfile.TemporaryDirectory() as directory:
        return run(f"sqlite:///{Path(directory, 'atlas.db')}", options.cities, keep=False)


def run(url: str, city_limit: int | None, keep: bool) -> int:
    """Do everything once on the database at `url`."""
    on_sqlite = url.startswith("sqlite")  # which checks foreign keys only when told to
    engine = create_engine(url, foreign_keys=True) if on_sqlite else create_engine(url)
    console, checks = Console(engine), Checks()
    console.chapter(f"atlas on {engine.dialect.name}: reading the input")
    world = read_world(city_limit)
    console.say(f"{world.edition}: {len(world.countries)} countries, {len(world.cities):,} cities")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    try:
        load_world(engine, world, console)
        with Session(engine) as session:
            console.chapter("read the world back in a new Session")
            check_totals(session, world, checks)
            read_back(session, world, console, checks)
            ask(session, world, console, checks)
        world = rename_and_move(engine, world, console, checks)
        roll_back(engine, console, checks)
        world = delete_continent(engine, "SA", world, console)
        with Session(engine) as session:
            console.chapter("read what is left in a new Session")
            check_totals(session, world, checks)
            read_back(session, world, console, checks)
    finally:
        if not keep:
            Base.metadata.drop_all(engine)
        engine.dispose()
    return _verdict(checks, console)


def _verdict(checks: Checks, console: Console) -> int:
    console.chapter(f"{checks.done:,} checks, {len(checks.failures)} failed")
    for failure in checks.failures[:20]:
        console.say(failure)
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())

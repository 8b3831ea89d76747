"""Changes to a loaded world: a rename and a move in one flush, a rollback, and the end of a continent.

Beside each change stands what it makes of the input, so that the whole database can be checked after it.
"""

from __future__ import annotations

from checks import Checks
from console import Console
from models import City, Continent, Country
from source import World

from unitwork import Engine, func, inspect, select
from unitwork.orm import Session

UNION, SEAT, MEMBERS = "Benelux", "BE", ("NL", "LU")


def rename_and_move(engine: Engine, world: World, console: Console, checks: Checks) -> World:
    """Belgium becomes the Benelux and takes in the cities of its two neighbours, in one flush."""
    with Session(engine) as session:
        union = _country(session, SEAT)
        console.chapter(f"one flush: {union.name} becomes {UNION} and takes in the cities of {' and '.join(MEMBERS)}")
        moving = session.scalars(select(City).join(City.country).where(Country.iso.in_(MEMBERS))).all()
        union.name = UNION
        for city in moving:
            city.country = union
        console.flush(session)
        checks.equal("moved cities follow their country", {city.country_id for city in moving}, {union.id})
        session.commit()
    return world._replace(
        countries=[row._replace(name=UNION) if row.iso == SEAT else row for row in world.countries],
        cities=[row._replace(country=SEAT) if row.country in MEMBERS else row for row in world.cities],
    )


def roll_back(engine: Engine, console: Console, checks: Checks) -> None:
    """A country is renamed, a city founded and a city deleted; flushed; and all of it taken back."""
    console.chapter("rollback: Iceland renamed, a city founded and one deleted, flushed, taken back")
    with Session(engine) as session:
        iceland = _country(session, "IS")
        before = (iceland.name, iceland.population, len(iceland.cities))
        drowned = iceland.cities[0]
        founded = City(
            geoname_id=-1,
            name="Atlantis",
            latitude=64.0,
            longitude=-22.0,
            population=1,
            timezone="Atlantic/Reykjavik",
            is_capital=False,
            country=iceland,
        )
        session.add(founded)
        session.delete(drowned)
        iceland.name = "Atlantis Republic"
        console.flush(session)
        checks.equal("the flushed name is in the database", _count_named(session, iceland.name), 1)
        session.rollback()
        checks.equal("rollback restores the object", (iceland.name, iceland.population, len(iceland.cities)), before)
        checks.equal("rollback restores the row", _count_named(session, "Atlantis Republic"), 0)
        checks.equal("the new city is transient again", inspect(founded).transient, True)
        checks.equal("the deleted city is persistent again", inspect(drowned).persistent, True)
        checks.equal("the new city has left its country", founded in iceland.cities, False)
        console.say(f"{iceland.name} is itself again, with {len(iceland.cities)} cities")


def delete_continent(engine: Engine, code: str, world: World, console: Console) -> World:
    """Delete a continent with nothing below it loaded; countries, cities, names and links go by cascade."""
    with Session(engine) as session:
        continent = session.get_one(Continent, code)
        console.chapter(f"delete with cascade: {continent.name}, nothing below it loaded")
        session.delete(continent)
        console.flush(session)
        with console.measured("commit"):
            session.commit()
    gone = {row.iso for row in world.countries if row.continent == code}
    return world._replace(
        continents=[row for row in world.continents if row.code != code],
        countries=[
            row._replace(neighbours=tuple(iso for iso in row.neighbours if iso not in gone))
            for row in world.countries
            if row.iso not in gone
        ],
        cities=[row for row in world.cities if row.country not in gone],
    )


def _country(session: Session, iso: str) -> Country:
    country: Country = session.scalars(select(Country).where(Country.iso == iso)).one()
    return country


def _count_named(session: Session, name: str) -> int:
    return int(session.scalar(select(func.count(Country.id)).where(Country.name == name)) or 0)

"""From the input to rows, through one Session.

First the countries and all they refer to, in one flush, then the cities, one flush for each continent. Keys made by
the database come back to the objects with each flush.
"""

from __future__ import annotations

from console import Console
from models import City, CityName, Continent, Country, Currency, Language
from source import CityRow, CountryRow, World

from unitwork import Engine
from unitwork.orm import Session


def load_world(engine: Engine, world: World, console: Console) -> None:
    """Write the whole input in one transaction of one Session."""
    with Session(engine) as session:
        console.chapter("flush: continents, currencies, languages, countries and their borders")
        with console.measured("objects made"):
            countries = _skeleton(session, world)
        console.flush(session)
        for continent in world.continents:
            rows = world.cities_of(continent.code)
            console.chapter(f"flush: {len(rows):,} cities of {continent.name}")
            with console.measured("objects made"):
                session.add_all([_city(row, countries[row.country]) for row in rows])
            console.flush(session)
        with console.measured("commit"):
            session.commit()


def _skeleton(session: Session, world: World) -> dict[str, Country]:
    """Add all but the cities; return the countries by their ISO code."""
    continents = {row.code: Continent(**row._asdict()) for row in world.continents}
    currencies = {code: Currency(code=code, name=name) for code, name in world.currencies.items()}
    languages = {tag: Language(tag=tag, base=tag.partition("-")[0]) for tag in world.languages}
    countries = {row.iso: _country(row, continents, currencies, languages) for row in world.countries}
    for row in world.countries:
        countries[row.iso].neighbours.extend(countries[iso] for iso in row.neighbours)
    session.add_all(continents.values())  # the countries and all they refer to come along: save-update cascade
    return countries


def _country(
    row: CountryRow, continents: dict[str, Continent], currencies: dict[str, Currency], languages: dict[str, Language]
) -> Country:
    return Country(
        iso=row.iso,
        name=row.name,
        area_km2=row.area_km2,
        population=row.population,
        postal_code=row.postal_code,
        continent=continents[row.continent],
        currency=currencies[row.currency] if row.currency else None,
        languages=[languages[tag] for tag in row.languages],
    )


def _city(row: CityRow, country: Country) -> City:
    return City(
        geoname_id=row.geoname_id,
        name=row.name,
        latitude=row.latitude,
        longitude=row.longitude,
        population=row.population,
        timezone=row.timezone,
        is_capital=row.is_capital,
        country=country,
        names=[CityName(position=position, name=name) for position, name in enumerate(row.names)],
    )

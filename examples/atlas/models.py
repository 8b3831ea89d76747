"""The world as mapped classes: continents, countries, currencies, languages, cities and their other names."""

from __future__ import annotations

from decimal import Decimal

from unitwork import BigInteger, Boolean, Column, Float, ForeignKey, Integer, Numeric, String, Table
from unitwork.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of every class here; its metadata holds the atlas_* tables and no others."""


# Both directions of a border are rows of their own, as in the input: the relation is symmetric.
border = Table(
    "atlas_border",
    Base.metadata,
    Column("country_id", ForeignKey("atlas_country.id"), primary_key=True),
    Column("neighbour_id", ForeignKey("atlas_country.id"), primary_key=True),
)

spoken = Table(
    "atlas_spoken",
    Base.metadata,
    Column("country_id", ForeignKey("atlas_country.id"), primary_key=True),
    Column("language_id", ForeignKey("atlas_language.id"), primary_key=True),
)


class Continent(Base):
    """A continent, by its two-letter code; deleting it deletes its countries."""

    __tablename__ = "atlas_continent"

    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    latitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    longitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    population: Mapped[int] = mapped_column(BigInteger)

    countries: Mapped[list[Country]] = relationship(back_populates="continent", cascade="all, delete-orphan")


class Currency(Base):
    """A currency, by its ISO 4217 code."""

    __tablename__ = "atlas_currency"

    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))

    countries: Mapped[list[Country]] = relationship(back_populates="currency")


class Language(Base):
    """A language as spoken somewhere: 'de-AT' is base 'de'."""

    __tablename__ = "atlas_language"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    tag: Mapped[str] = mapped_column(String(10), unique=True)
    base: Mapped[str] = mapped_column(String(10), index=True)

    countries: Mapped[list[Country]] = relationship(secondary=spoken, back_populates="languages")


class Country(Base):
    """A country; deleting it deletes its cities and its rows in the two link tables."""

    __tablename__ = "atlas_country"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    iso: Mapped[str] = mapped_column(String(2), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    area_km2: Mapped[int] = mapped_column(Integer)
    population: Mapped[int] = mapped_column(BigInteger)
    postal_code: Mapped[str | None] = mapped_column(String(200))
    continent_code: Mapped[str] = mapped_column(ForeignKey("atlas_continent.code"), index=True)
    currency_code: Mapped[str | None] = mapped_column(ForeignKey("atlas_currency.code"), index=True)

    continent: Mapped[Continent] = relationship(back_populates="countries")
    currency: Mapped[Currency | None] = relationship(back_populates="countries")
    languages: Mapped[list[Language]] = relationship(secondary=spoken, back_populates="countries")
    cities: Mapped[list[City]] = relationship(back_populates="country", cascade="all, delete-orphan")
    neighbours: Mapped[list[Country]] = relationship(
        secondary=border,
        primaryjoin=lambda: Country.id == border.c.country_id,
        secondaryjoin=lambda: Country.id == border.c.neighbour_id,
        back_populates="neighbour_of",
    )
    neighbour_of: Mapped[list[Country]] = relationship(
        secondary=border,
        primaryjoin=lambda: Country.id == border.c.neighbour_id,
        secondaryjoin=lambda: Country.id == border.c.country_id,
        back_populates="neighbours",
    )


class City(Base):
    """A city of more than 15,000 people; its row key is made by the database."""

    __tablename__ = "atlas_city"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    geoname_id: Mapped[int] = mapped_column(Integer, unique=True)
    name: Mapped[str] = mapped_column(String(80))
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    population: Mapped[int] = mapped_column(Integer)
    timezone: Mapped[str] = mapped_column(String(40))
    is_capital: Mapped[bool] = mapped_column(Boolean)
    country_id: Mapped[int] = mapped_column(ForeignKey("atlas_country.id"), index=True)

    country: Mapped[Country] = relationship(back_populates="cities")
    names: Mapped[list[CityName]] = relationship(
        back_populates="city", cascade="all, delete-orphan", order_by=lambda: CityName.position
    )


class CityName(Base):
    """One more name of a city, in any script.

    The key is the city and the place in its list, not the name: some databases hold 'Andora' and 'Andòra' for equal.
    """

    __tablename__ = "atlas_city_name"

    city_id: Mapped[int] = mapped_column(ForeignKey("atlas_city.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))

    city: Mapped[City] = relationship(back_populates="names")

"""URLs of databases, and which dialect serves them."""

from __future__ import annotations

import pytest

from unitwork import exc
from unitwork.dialects.names import dialect_class
from unitwork.dialects.url import URL, make_url


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sqlite://", ("sqlite", None, None, None, None, None)),
        ("sqlite:///a/b.db", ("sqlite", None, None, None, None, "a/b.db")),
        ("sqlite:////tmp/b.db", ("sqlite", None, None, None, None, "/tmp/b.db")),
        ("postgresql+psycopg2://u@h/d", ("postgresql+psycopg2", "u", None, "h", None, "d")),
        ("postgresql://u:p%40%2F@h:5433/d", ("postgresql", "u", "p@/", "h", 5433, "d")),
        ("postgresql://u:p@ss@h:5433/d", ("postgresql", "u", "p@ss", "h", 5433, "d")),
        ("mysql+pymysql://u:@[::1]:3307/d", ("mysql+pymysql", "u", "", "::1", 3307, "d")),
        ("mariadb+pymysql://h/", ("mariadb+pymysql", None, None, "h", None, None)),
    ],
)
def test_parts(text: str, parts: tuple[object, ...]) -> None:
    """LB-29: scheme, user, password, host, port, database."""
    url = make_url(text)

    assert (url.drivername, url.username, url.password, url.host, url.port, url.database) == parts


def test_query() -> None:
    """LB-29: options after the question mark; a repeated name has several values."""
    url = make_url("postgresql://h/d?connect_timeout=3&a=1&a=2&empty=")

    assert url.query == {"connect_timeout": "3", "a": ("1", "2"), "empty": ""}


@pytest.mark.parametrize("text", ["", "file.db", "sqlite:/x", "postgresql://h:port/d", "postgresql://h:99999/d"])
def test_what_is_no_url(text: str) -> None:
    """LB-29: ArgumentError."""
    with pytest.raises(exc.ArgumentError) as caught:
        make_url(text)

    assert caught.value.code == "bad-url"


def test_a_bad_url_is_not_shown() -> None:
    """LB-29: a password in a URL that cannot be read is not in the message."""
    with pytest.raises(exc.ArgumentError) as caught:
        make_url("postgresql://u:secret@h:port/d")

    assert "secret" not in str(caught.value)


def test_password_is_hidden() -> None:
    """LB-29: printing shows ``***``; asked for, the whole text reads back equal."""
    url = make_url("postgresql://us%3Aer:p%40ss@[::1]:5433/d?x=a%26b")
    text = url.render_as_string(hide_password=False)

    assert "p%40ss" in text
    assert make_url(text) == url
    assert hash(make_url(text)) == hash(url)
    for shown in (str(url), repr(url)):
        assert "p%40ss" not in shown
        assert ":***@" in shown


def test_parts_given_one_by_one() -> None:
    """LB-29: URL.create() and set() need no percent-encoding."""
    url = URL.create("postgresql", "u", "a/b@c", host="h", port=1, database="d", query={"k": "v"})

    assert make_url(url.render_as_string(hide_password=False)) == url
    assert url.set(port=2).port == 2
    assert make_url(url) is url
    assert (url.get_backend_name(), url.get_driver_name()) == ("postgresql", "")
    assert make_url("mysql+pymysql://h/d").get_driver_name() == "pymysql"


def test_what_is_not_even_text() -> None:
    """LB-29: ArgumentError."""
    with pytest.raises(exc.ArgumentError):
        make_url(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "name", "driver"),
    [
        ("sqlite", "sqlite", "sqlite3"),
        ("postgresql+psycopg2", "postgresql", "psycopg2"),
        ("mysql+pymysql", "mysql", "pymysql"),
        ("mariadb+pymysql", "mariadb", "pymysql"),
    ],
)
def test_scheme_to_dialect(scheme: str, name: str, driver: str) -> None:
    """LB-29: the schemes that are understood."""
    found = dialect_class(make_url(f"{scheme}://h/d"))

    assert (found.name, found.driver) == (name, driver)


@pytest.mark.parametrize(("scheme", "hint"), [("postgres", "postgresql://"), ("oracle", "use one of")])
def test_unknown_scheme(scheme: str, hint: str) -> None:
    """LB-29: ArgumentError says what to write."""
    with pytest.raises(exc.ArgumentError) as caught:
        dialect_class(make_url(f"{scheme}://h/d"))

    assert caught.value.code == "unknown-dialect"
    assert hint in str(caught.value)

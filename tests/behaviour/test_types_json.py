"""JSON: items of documents, JSON's null and SQL's NULL, net change, serializers of the user."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unitwork import JSON, Column, Integer, MetaData, Table, create_engine, exc, func, insert, null, select, update
from unitwork.dialects.postgresql import JSONB
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column
from unitwork.orm.attributes import flag_modified

DOCUMENT = {
    "name": "ann", "age": 41, "ratio": 1.5, "on": True, "off": False, "none": None,
    "list": [1, "two", [3], {"k": "v"}], "ü-ö": {"a b": 7}, "0": "zero", "": "empty",
}  # fmt: skip


class Base(DeclarativeBase):
    """The tables of these tests."""


class Paper(Base):
    """A document, one without JSON null, one with a default, one in PostgreSQL's binary form."""

    __tablename__ = "paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[Any] = mapped_column(JSON, nullable=True)
    plain: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    filled: Mapped[Any] = mapped_column(JSON, default=lambda: {"made": 1}, nullable=True)
    binary: Mapped[Any] = mapped_column(JSONB, nullable=True)


@pytest.fixture
def papers(engine: Any) -> Any:
    """The engine, with an empty table `paper`."""
    Base.metadata.create_all(engine)
    return engine


ITEMS: list[tuple[Any, Any]] = [
    ("name", "ann"), ("age", 41), ("ratio", 1.5), ("on", True), ("off", False), ("none", None), ("missing", None),
    ("list", [1, "two", [3], {"k": "v"}]), (("list", 0), 1), (("list", 3, "k"), "v"), (("ü-ö", "a b"), 7),
    (("list", 9), None), (("name", "x"), None), ("", "empty"),
]  # fmt: skip


@pytest.mark.parametrize("column", ["data", "binary"])
def test_items_of_a_document(papers: Any, column: str) -> None:
    """LB-19: column["key"], column[0] and column[("a", 0)] give parts of a document, by the class that they have."""
    of = getattr(Paper, column)
    with Session(papers) as session:
        session.add(Paper(**{column: DOCUMENT}))
        session.flush()
        found = [session.scalar(select(of[key])) for key, _ in ITEMS]
        chained = session.scalar(select(of["list"][3]["k"].as_json()))

    assert found == [value for _, value in ITEMS]
    assert [type(value) for value in found] == [type(value) for _, value in ITEMS]
    assert chained == "v"


def test_items_as_plain_values(papers: Any) -> None:
    """LB-19: as_string(), as_integer(), as_float() and as_boolean() give what can be compared, and read."""
    data = Paper.data
    forms = [
        data["name"].as_string(), data["age"].as_integer(), data["ratio"].as_float(), data["on"].as_boolean(),
        data["off"].as_boolean(), data["none"].as_string(), data["missing"].as_integer(), data["age"].as_string(),
        data["on"].as_string(), data["age"].as_float(),
    ]  # fmt: skip
    true = [
        data["name"].as_string() == "ann", data["age"].as_integer() > 40, data["ratio"].as_float().between(1, 2),
        data["on"].as_boolean(), ~data["off"].as_boolean(), data["missing"].is_(None),
        data["name"].as_string().like("a%"),
        data["age"].as_integer().in_([1, 41]), data["none"].as_string() == None, data["name"] != null(),  # noqa: E711
    ]  # fmt: skip
    with Session(papers) as session:
        session.add(Paper(data=DOCUMENT))
        session.flush()
        row = session.execute(select(*[form.label(f"f{place}") for place, form in enumerate(forms)])).one()
        counts = [session.scalar(select(func.count()).select_from(Paper).where(criterion)) for criterion in true]

    assert tuple(row) == ("ann", 41, 1.5, True, False, None, None, "41", "true", 41.0)
    assert counts == [1] * len(true)


def test_a_key_is_a_parameter(papers: Any) -> None:
    """LB-34: a key never gets into SQL text; what a database cannot look up is refused before SQL is sent."""
    hard = "a'b); DROP TABLE paper; --%s"
    quoted = 'with "quotes" and \\'
    with Session(papers) as session:
        session.add(Paper(data={hard: 1, quoted: 2}))
        session.flush()
        found = session.scalar(select(Paper.data[hard].as_integer()))
        if papers.name == "sqlite":
            with pytest.raises(exc.StatementError, match="quotes"):
                session.scalar(select(Paper.data[quoted]))
        else:
            assert session.scalar(select(Paper.data[quoted])) == 2

    assert found == 1


@pytest.mark.parametrize("key", [1.5, None, (), True, ("a", None), object()])
def test_paths_that_are_none(key: Any) -> None:
    """LB-19: a path is made of strings and whole numbers."""
    with pytest.raises(exc.ArgumentError) as caught:
        Paper.data[key]

    assert caught.value.code == "bad-json-path"


def test_only_json_has_items() -> None:
    """LB-19: other columns have none, and a column is not iterable."""
    with pytest.raises(exc.ArgumentError) as caught:
        Paper.id["key"]
    with pytest.raises(exc.ArgumentError):
        Paper.id.as_string()
    with pytest.raises(TypeError):
        list(Paper.data)

    assert caught.value.code == "not-indexable"


def stored(session: Session, column: Any) -> list[str]:
    """What is in the rows: ``"sql"`` for NULL, else the JSON value."""
    rows = session.execute(select(column, column.is_(None)).order_by(Paper.id))
    return ["sql" if missing else json.dumps(value) for value, missing in rows]


def test_json_null_and_sql_null_in_a_flush(papers: Any) -> None:
    """PT-26, PT-22: None is JSON's null, unless the type says otherwise; null() and never-set are SQL's NULL."""
    with Session(papers) as session:
        session.add_all([
            Paper(data=None, plain=None, filled=None),
            Paper(),
            Paper(data=JSON.NULL, plain=JSON.NULL, filled=JSON.NULL),
        ])  # fmt: skip
        session.flush()
        session.add(Paper(data=null(), plain=null(), filled=null()))
        session.flush()
        found = [stored(session, column) for column in (Paper.data, Paper.plain, Paper.filled)]

    assert found == [
        ["null", "sql", "null", "sql"],
        ["sql", "sql", "null", "sql"],
        ["null", '{"made": 1}', "null", "sql"],
    ]


def test_json_null_and_sql_null_in_an_update(papers: Any) -> None:
    """PT-26, PT-24: the same for objects that are there, and for update()."""
    with Session(papers) as session:
        papers_ = [Paper(data=1, plain=1) for _ in range(4)]
        session.add_all(papers_)
        session.commit()
        papers_[0].data = papers_[0].plain = None
        papers_[1].data = papers_[1].plain = JSON.NULL
        session.flush()
        papers_[2].data = papers_[2].plain = null()
        session.flush()
        session.execute(update(Paper).where(Paper.id == papers_[3].id).values(data=None, plain=None))
        found = [stored(session, column) for column in (Paper.data, Paper.plain)]
        session.expire_all()
        read = [paper.data for paper in papers_]

    assert found == [["null", "null", "sql", "null"], ["sql", "null", "sql", "sql"]]
    assert read == [None] * 4


def test_net_change_of_a_document(papers: Any, statements: Any) -> None:
    """LB-20: an equal document is no change, 1 and True are not equal; a change inside needs flag_modified()."""
    with Session(papers) as session:
        paper = Paper(data={"a": 1, "b": [1]})
        session.add(paper)
        session.commit()
        assert paper.data == {"a": 1, "b": [1]}
        paper.data = {"b": [1], "a": 1}
        with statements(papers) as equal:
            session.flush()
        paper.data = {"a": True, "b": [1]}
        session.commit()
        assert paper.data["a"] is True
        paper.data["a"] = "inside"
        session.commit()
        unnoticed = paper.data["a"]
        paper.data["a"] = "inside"
        flag_modified(paper, "data")
        session.commit()
        noticed = paper.data["a"]

    assert equal.starting_with("UPDATE") == []
    assert (unnoticed, noticed) == (True, "inside")


def test_serializers_of_the_user(url: str) -> None:
    """LB-19: json_serializer and json_deserializer of create_engine() make and read every document."""
    calls: list[str] = []

    def dumps(value: Any) -> str:
        calls.append("dumps")
        return json.dumps({"wrapped": value}, default=str)

    def loads(text: str) -> Any:
        calls.append("loads")
        return json.loads(text)["wrapped"]

    table = Table("wrapped", MetaData(), Column("id", Integer, primary_key=True), Column("data", JSON))
    engine = create_engine(url, json_serializer=dumps, json_deserializer=loads)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(data={"set": {1}}))
        found = connection.scalar(select(table.c.data))
    engine.dispose()

    assert found == {"set": "{1}"}
    assert calls == ["dumps", "loads"]

"""Nothing that a user gives as a name or a value gets out of its quotes (check R14 of the scorecard).

Every workload runs twice on the same database: with harmless names and values, and with hostile ones. The statements of
both runs must have the same shape, every value must come back as it was given, and a canary table must stay as it was.
PostgreSQL runs with and without standard_conforming_strings, MariaDB with and without NO_BACKSLASH_ESCAPES.

UNITWORK_SEED=… repeats a run or makes another one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.hostile import UNKEPT, Fuzz, Harmless, Lying, LyingFloat, LyingInt, plain
from tests.support.sqltokens import NAME, TEXT, Unfinished, differences, tokens
from unitwork import (
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    collate,
    create_engine,
    delete,
    event,
    exc,
    func,
    insert,
    literal,
    or_,
    quoted_name,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from unitwork.orm import Session, registry
from unitwork.schema import CreateIndex, CreateSequence, CreateTable, DropTable
from unitwork.sql.style import Style

SEED = int(os.environ.get("UNITWORK_SEED", "14"))
#: Names and values of one mode; the five modes of three databases make more than 20,000.
LEAST = 4_500

MODES: dict[str, list[str]] = {
    "sqlite": ["plain"],
    "postgresql": ["conforming", "backslashes"],
    "mariadb": ["backslashes", "no backslashes"],
}

Workload = Callable[["Run", Any, Fuzz], None]


class Run:
    """One way through a workload.

    Attributes:
        log: the statements that were sent, and those that were only compiled, in order.
    """

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.log: list[str] = []

    def note(self, connection: Any, cursor: Any, statement: str, params: Any, context: Any, many: bool) -> None:
        """Listener: a statement is about to be sent."""
        self.log.append(statement)

    def compiled(self, statement: Any, **options: Any) -> None:
        """Take note of a statement that is not sent."""
        self.log.append(statement.compile(dialect=self.engine.dialect, **options).text)


@pytest.fixture
def targets(url: str, backend: str) -> Iterator[list[tuple[str, Any]]]:
    """(mode, engine) for each way in which the database reads backslashes; with the canary."""
    found = []
    for mode in MODES[backend]:
        arguments: dict[str, Any] = {}
        if backend == "postgresql":
            arguments["options"] = f"-c standard_conforming_strings={'on' if mode == 'conforming' else 'off'}"
        elif mode == "no backslashes":
            arguments["init_command"] = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')"
        found.append((mode, create_engine(url, connect_args=arguments)))
    with found[0][1].begin() as connection:
        connection.execute(CreateTable(canary))
        connection.execute(insert(canary).values(id=1, note="alive"))
    yield found
    for _, engine in found:
        engine.dispose()


canary = Table("canary", MetaData(), Column("id", Integer, primary_key=True), Column("note", String(20)))
store = Table(
    "store",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", Text),
    Column("short", String(400)),
    mysql_charset="utf8mb4",
)


# Workloads: each does the same with the names and values it is given


def schemas(run: Run, connection: Any, fuzz: Fuzz) -> None:
    """Tables, columns, constraints, indexes, comments and defaults, created, used and dropped."""
    metadata = MetaData()
    names = fuzz.names(8)
    default, comment = fuzz.value()[:80], fuzz.value().replace("\\", "/")[:200]
    first = Table(
        fuzz.name()[:36],
        metadata,
        Column(names[0], Integer, autoincrement=False),
        Column(names[1], String(200), server_default=default, comment=comment),
        Column(names[2], String(200), key=fuzz.name()),
        PrimaryKeyConstraint(names[0], name=fuzz.name()),
        UniqueConstraint(names[1], names[0], name=fuzz.name()),
        comment=comment,
    )
    first.append_constraint(CheckConstraint(first.c[names[1]] != fuzz.value()[:50] + "x", name=fuzz.name()))
    Index(fuzz.name(), first.c[names[1]], mysql_length=20)
    second = Table(
        fuzz.name()[:36],
        metadata,
        Column(names[3], Integer, primary_key=True),
        Column(names[4], Integer),
        ForeignKeyConstraint([names[4]], [first.c[names[0]]], name=fuzz.name(), ondelete="CASCADE"),
    )
    metadata.create_all(connection)
    used(run, connection, fuzz, first, second)
    assert connection.scalar(select(first.c[names[1]]).where(first.c[names[0]] == 7)) == plain(default)
    connection.execute(DropTable(second))
    metadata.drop_all(connection)


def used(run: Run, connection: Any, fuzz: Fuzz, first: Table, second: Table) -> None:
    """Rows of tables with such names: every clause that names something."""
    key, value, other = list(first.c)
    link, refers = list(second.c)
    given = [fuzz.value()[:150] for _ in range(6)]
    connection.execute(insert(first).values({key: 1, value: given[0], other: given[1]}))
    connection.execute(insert(first), [{key.key: n, value.key: given[n], other.key: "x"} for n in range(2, 5)])
    connection.execute(insert(first).values({key: 7}))
    connection.execute(insert(second), [{link.key: n, refers.key: n} for n in range(1, 4)])
    aliased, label, sub = first.alias(fuzz.name()), fuzz.name(), fuzz.name()
    inner = select(aliased.c[key.key], aliased.c[value.key].label(label)).where(aliased.c[key.key] < 3).subquery(sub)
    rows = connection.execute(
        select(inner.c[label].label(fuzz.name()), second)
        .join(second, refers == inner.c[key.key])
        .order_by(inner.c[label])
    ).all()
    assert sorted(row[0] for row in rows) == sorted(plain(one) for one in (given[0], given[2]))
    named = fuzz.name()
    grouped = select(func.count().label(named), value).group_by(value).having(func.count() > 0).order_by(named)
    assert sum(row._mapping[named] for row in connection.execute(grouped)) == 5
    connection.execute(update(first).where(value == given[3], key == 3).values({other: given[5]}))
    assert connection.scalar(select(other).where(key == 3)) == plain(given[5])
    both = union_all(select(key, value).where(key == 1), select(key, other).where(key == 3))
    assert len(connection.execute(both).all()) == 2
    connection.execute(delete(first).where(first.c[value.key].in_(given[4:6]), key != 7, key != 1))
    assert connection.scalar(select(first.c[value.key]).where(key == 1)) == plain(given[0])


def values(run: Run, connection: Any, fuzz: Fuzz) -> None:
    """Values on every way to the database: one row, many, comparison, lists, patterns, updates, deletes."""
    given = fuzz.values(1500)
    connection.execute(insert(store), [{"id": n, "value": one} for n, one in enumerate(given)])
    expected = [plain(one) for one in given]
    assert list(connection.scalars(select(store.c.value).order_by(store.c.id))) == expected
    some = given[:40]
    for place, one in enumerate(some):
        found = connection.execute(select(store.c.id, literal(one)).where(store.c.value == one, store.c.id == place))
        assert found.all() == [(place, plain(one))]
    for start in range(0, 1500, 150):
        part = given[start : start + 150]
        listed = select(func.count()).where(store.c.value.in_(part), store.c.id.between(start, start + 149))
        assert connection.scalar(listed) == 150
        listed_pairs = list(enumerate(given))[start : start + 8]
        pairs = select(store.c.value).where(tuple_(store.c.id, store.c.value).in_(listed_pairs))
        assert len(connection.scalars(pairs).all()) == 8
    for place, one in enumerate(given[:30]):
        pattern = or_(
            and_(store.c.value.contains(one, autoescape=True), store.c.value.startswith(one, autoescape=True)),
            store.c.value.endswith(one, autoescape=True, escape="!"),
        )
        assert place in connection.scalars(select(store.c.id).where(pattern)).all()
    chosen = case((store.c.value == given[3], given[4]), else_=given[5])
    assert connection.scalar(select(chosen).where(store.c.id == 3)) == plain(given[4])
    bound = text("SELECT value FROM store WHERE value = :it AND id = :n").bindparams(bindparam("it", given[6]), n=6)
    assert connection.scalar(bound) == plain(given[6])
    short = [one[:400] for one in fuzz.values(1000)]
    with_key = update(store).where(store.c.id == bindparam("n"))
    connection.execute(with_key, [{"n": n, "short": one} for n, one in enumerate(short[:60])])
    back = connection.execute(select(store.c.short).where(store.c.id < 60).order_by(store.c.id)).scalars().all()
    assert back == [plain(one) for one in short[:60]]
    doomed = delete(store).where(store.c.value.in_(given[:200]), store.c.id < 200)
    assert connection.execute(doomed).rowcount == 200


def objects(run: Run, connection: Any, fuzz: Fuzz) -> None:
    """A Session's flush in batches, its queries and its updates; a table and attributes with such names."""
    metadata = MetaData()
    name = fuzz.name()[:36]
    table = Table(
        name,
        metadata,
        Column(fuzz.name(), String(300), primary_key=True, key="key"),
        Column(fuzz.name(), Text, key="value"),
        Column(fuzz.name(), Integer, key="count"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    metadata.create_all(connection)
    mapped = registry()
    cls = type("Thing", (), {})
    mapped.map_imperatively(cls, table)
    given = fuzz.values(600)
    # MariaDB compares keys without their blanks at the end.
    keys = [f"{plain(one)[:250]}.{n}" for n, one in enumerate(fuzz.values(600))]
    with Session(connection) as session:
        made = [cls() for _ in given]
        for thing, key, one in zip(made, keys, given, strict=True):
            thing.key, thing.value, thing.count = key, one, 1
        session.add_all(made)
        session.flush()
        session.expire_all()
        assert [thing.value for thing in made] == [plain(one) for one in given]
        for thing in made:
            thing.value, thing.count = thing.key, 2
        session.flush()
        found = session.scalars(select(cls).where(cls.value.in_(keys[:100]), cls.count == 2)).all()
        assert {thing.key for thing in found} == set(keys[:100])
        for thing in made[:300]:
            session.delete(thing)
        session.flush()
        assert session.scalar(select(func.count()).select_from(table)) == 300
    metadata.drop_all(connection)
    mapped.dispose()


def texts(run: Run, connection: Any, fuzz: Fuzz) -> None:
    """Everything that can be named in a statement, compiled and not sent."""
    for _ in range(40):
        table = Table(fuzz.name(), MetaData(schema=fuzz.name()), *[Column(fuzz.name(), Integer) for _ in range(5)])
        a, b, c, d, e = table.c
        Index(fuzz.name(), a.desc(), b)
        run.compiled(CreateTable(table))
        run.compiled(CreateIndex(next(iter(table.indexes))))
        if run.engine.dialect.style.sequences:
            sequence = Sequence(fuzz.name(), schema=fuzz.name())
            run.compiled(CreateSequence(sequence))
            run.compiled(select(sequence.next_value().label(fuzz.name())))
        alias = table.alias(fuzz.name())
        either = func.coalesce(c, d).label(fuzz.name())
        query = select(a.label(fuzz.name()), alias.c[b.key], either, bindparam(fuzz.name(), 1))
        ranked = func.rank().over(partition_by=alias.c[c.key], order_by=d.desc()).label(fuzz.name())
        run.compiled(select(ranked, collate(e, fuzz.name()).label(fuzz.name())))
        query = query.where(a == bindparam(fuzz.name(), 2), alias.c[e.key].is_(None)).group_by(a, c, d, alias.c[b.key])
        run.compiled(query.order_by(b.desc().nulls_last()).limit(5).with_for_update(of=table))
        run.compiled(select(query.subquery(fuzz.name())))
        run.compiled(insert(table).values({a: 1, b: 2}))
        run.compiled(update(table).where(a == 1).values({c: d + 1}))
        run.compiled(delete(table).where(a.in_([1, 2])))


def literals(run: Run, connection: Any, fuzz: Fuzz) -> None:
    """Values written into the text, which the library does for schemas and for reading: they must still come back."""
    for _ in range(6):
        given = [one[:200] for one in fuzz.values(20)]
        query = select(*[literal(one).label(f"c{n}") for n, one in enumerate(given)])
        text_ = query.compile(dialect=run.engine.dialect, compile_kwargs={"literal_binds": True}).text
        assert connection.exec_driver_sql(text_).all() == [tuple(plain(one) for one in given)]


WORKLOADS: list[tuple[Workload, int]] = [(schemas, 12), (values, 1), (objects, 1), (texts, 1), (literals, 1)]


# The check


def follow(engine: Any, fuzz: Fuzz, workload: Workload, times: int) -> list[str]:
    """Return the statements of a workload."""
    run = Run(engine)
    event.listen(engine, "before_cursor_execute", run.note)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite" or workload in (values,):
                store.create(connection, checkfirst=True)
            for _ in range(times):
                workload(run, connection, fuzz)
            connection.rollback()
            store.drop(connection, checkfirst=True)
            connection.commit()
    finally:
        event.remove(engine, "before_cursor_execute", run.note)
    return run.log


def compare(engine: Any, harmless: list[str], hostile: list[str], mode: str, names: list[str]) -> list[str]:
    """Return what differs in shape."""
    dialect = "mysql" if engine.dialect.name == "mariadb" else engine.dialect.name
    found = [] if len(harmless) == len(hostile) else [f"{len(harmless)} statements became {len(hostile)}"]
    for one, other in zip(harmless, hostile, strict=False):
        try:
            shapes = [tokens(sql, dialect, mode == "backslashes") for sql in (one, other)]
            difference = differences(*shapes, names)
        except Unfinished as err:
            difference = str(err)
        if difference is not None:
            found.append(f"{difference}\n    {one}\n    {other}")
    return found


def assert_canary_lives(engine: Any) -> None:
    """Nothing reached the table next door."""
    with engine.connect() as connection:
        assert connection.execute(select(canary)).all() == [(1, "alive")]


def test_nothing_gets_out_of_its_quotes(targets: list[tuple[str, Any]], record_property: Any) -> None:
    """LB-34, LB-35, R14: hostile names and values leave the shape of all statements as it is, and come back whole."""
    for mode, engine in targets:
        harmless, hostile = Harmless(SEED), Fuzz(SEED)

        for workload, times in WORKLOADS:
            twin = follow(engine, harmless, workload, times)
            given = follow(engine, hostile, workload, times)
            assert compare(engine, twin, given, mode, hostile.handed) == []
            assert_canary_lives(engine)

        record_property("R14", f"{engine.dialect.name} ({mode}): {hostile.made} names and values, seed {SEED}")
        assert hostile.made >= LEAST


def test_an_unquoted_path_is_found(targets: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """R14, teeth: where names go in without quotes, or texts without escapes, the check turns red."""

    def unquoted(style: Style, name: str) -> str:
        return f"{style.quote_character}{str.__str__(name)}{style.quote_character}"

    def unescaped(style: Style, value: str) -> str:
        return f"'{str.__str__(value)}'"

    for mode, engine in targets:
        for attribute, fault, workload in (("quote", unquoted, texts), ("constant_literal", unescaped, _defaults)):
            twin = follow(engine, Harmless(SEED), workload, 1)
            with monkeypatch.context() as patch:
                patch.setattr(type(engine.dialect.style), attribute, fault)
                fuzz = Fuzz(SEED)
                given = follow(engine, fuzz, workload, 1)
            assert compare(engine, twin, given, mode, fuzz.handed) != []


def _defaults(run: Run, connection: Any, fuzz: Fuzz) -> None:
    for _ in range(50):
        run.compiled(CreateTable(Table("t", MetaData(), Column("a", String(9), server_default=fuzz.value()))))


@pytest.mark.parametrize("value", UNKEPT)
def test_what_cannot_be_kept_is_refused_before_it_is_sent(engine: Any, value: str) -> None:
    """LB-34, ER-17: as a name always; as a value where the database cannot store it, else it comes back."""
    sent: list[str] = []
    store.create(engine)
    event.listen(engine, "before_cursor_execute", lambda *details: sent.append(details[2]))
    for make in (
        lambda: CreateTable(Table(value, MetaData(), Column("a", Integer))),
        lambda: CreateTable(Table("t", MetaData(), Column(value, Integer))),
        lambda: CreateTable(Table("t", MetaData(), Column("a", String(5), server_default=value))),
        lambda: select(store.c.id.label(value)),
        lambda: select(store.alias(value)),
        lambda: text(f"SELECT '{value}'"),
    ):
        with pytest.raises((exc.ArgumentError, exc.StatementError)) as caught, engine.begin() as connection:
            connection.execute(make())
        assert not isinstance(caught.value, exc.DBAPIError)
    assert [sql for sql in sent if not sql.startswith(("BEGIN", "ROLLBACK", "COMMIT"))] == []
    kept = "\0" in value and "\ud800" not in value and "\udfff" not in value and engine.dialect.name != "postgresql"
    with engine.begin() as connection:
        if kept:
            connection.execute(insert(store).values(id=1, value=value))
            assert connection.scalar(select(store.c.value)) == value
        else:
            with pytest.raises(exc.StatementError) as caught:
                connection.execute(insert(store).values(id=1, value=value))
            assert not isinstance(caught.value, exc.DBAPIError)


def test_values_that_lie_about_themselves(engine: Any) -> None:
    """LB-34: what is sent is the value, never what its methods say; a text that is no number is refused or kept."""
    numbers = Table("numbers", MetaData(), Column("n", Integer), Column("f", Float), Column("s", String(200)))
    numbers.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(numbers).values(n=LyingInt(5), f=LyingFloat(2.5), s=Lying("true text")))
        connection.execute(insert(numbers), [{"n": LyingInt(5), "f": LyingFloat(2.5), "s": Lying("true text")}] * 2)
        assert connection.execute(select(numbers)).all() == [(5, 2.5, "true text")] * 3
        listed = numbers.c.s.in_([Lying("true text"), Lying("x")])
        query = select(func.count()).where(numbers.c.n == LyingInt(5), numbers.c.f == LyingFloat(2.5), listed)
        assert connection.scalar(query) == 3
        assert connection.scalar(select(literal(Lying("plain")))) == "plain"
    for wrong in ("1; DROP TABLE numbers", Lying("1")):
        with engine.connect() as connection:
            try:
                connection.execute(insert(numbers).values(n=wrong, f=9))
            except exc.StatementError:
                continue
            assert str(connection.scalar(select(numbers.c.n).where(numbers.c.f == 9))) == plain(wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.c.id.op("= 1; DROP TABLE canary; --")(1),
        lambda t: t.c.id.op("' OR '")(1),
        lambda t: t.c.id.op("/* x */ =")(1),
        lambda t: t.c.id.bool_op("-- x\n=")(1),
        lambda t: getattr(func, "now(); DROP TABLE canary; --")(),
        lambda t: getattr(func, "a b")(),
        lambda t: select(t).limit("1; DROP TABLE canary"),
        lambda t: select(t).offset(Lying("1")),
        lambda t: select(t).order_by("value; DROP TABLE canary").compile(),
        lambda t: select(t).where("1 = 1"),
        lambda t: Index("i", t.c.id, mysql_using="BTREE; DROP").options and CreateIndex(
            Index("i", t.c.id, mysql_using="BTREE; DROP")
        ).compile(dialect=create_engine("mariadb+pymysql://h/d").dialect),
        lambda t: CreateTable(Table("x; DROP", MetaData(), Column("a", Integer), quote=False)).compile(),
        lambda t: CreateTable(Table(quoted_name("x\0", True), MetaData(), Column("a", Integer))).compile(),
        lambda t: Table("x", MetaData(), Column("a", Integer), prefixes=["TEMPORARY TABLE canary; --"]),
        lambda t: ForeignKeyConstraint(["a"], [t.c.id], ondelete="CASCADE; DROP TABLE canary"),
    ],
)
def test_what_goes_in_raw_is_checked(make: Any) -> None:
    """LB-34: operators, functions, limits, options and names without quotes are words, or are refused."""
    with pytest.raises((exc.ArgumentError, exc.CompileError)):
        make(store)


def test_isolation_levels_are_words(engine: Any) -> None:
    """LB-34, TX-54: none goes into SQL that the database is not known to have."""
    with engine.connect() as connection, pytest.raises(exc.ArgumentError):
        connection.execution_options(isolation_level="SERIALIZABLE; DROP TABLE canary")


@pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])
def test_the_tokenizer_sees_what_is_in_quotes(backend_name: str) -> None:
    """R14: the measure itself."""
    mark = "`" if backend_name == "mysql" else '"'
    sql = f"SELECT {mark}a{mark * 2}b{mark}, 'it''s -- no' FROM t WHERE x = 5 -- yes"

    found = tokens(sql, backend_name)

    assert found == ["SELECT", NAME, ",", TEXT, "FROM", "t", "WHERE", "x", "=", "5", "<comment>"]
    assert tokens("'a\\' b'", "mysql", backslashes=True) == [TEXT]
    with pytest.raises(Unfinished):
        tokens("'a\\'", "mysql", backslashes=True)
    assert tokens("E'a\\'b' $x$ ' $x$ X'00'", "postgresql") == [TEXT, TEXT, TEXT]
    assert tokens("_utf8mb4 X'00'", "mysql") == [TEXT]
    assert differences([NAME], ["select", "x"], []) == "1 tokens became 2"
    assert differences([NAME], ["select"], ["Select"]) is None

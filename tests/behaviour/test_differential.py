"""The same programs on unitwork and on SQLAlchemy: states, values, rows and errors must be the same.

Where the specification decides against the reference (its section 12) a program keeps away; those places have tests of
their own.
"""

from __future__ import annotations

import random
from itertools import zip_longest
from typing import Any

import pytest

from tests.support.witness import Program, World, trace_of

PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    PROGRAMS[function.__name__] = function
    return function


@program
def graph_added_and_committed(world: World) -> None:
    author = world.make("Author", name="ann")
    author.books = [world.make("Book", name="a"), world.make("Book", name="b")]
    author.books[0].tags.append(world.make("Tag", name="t"))
    world.session.add(author)
    world.note_states()
    world.session.flush()
    world.note_states()
    world.session.commit()


@program
def what_is_loaded_after_each_step(world: World) -> None:
    author = world.stored("Author", name="ann", books=[world.make("Book", name="a")])
    world.note_states()
    world.note(author.name)
    world.note_states()
    world.note(author.books)
    world.note_states()
    world.session.expire(author, ["name"])
    world.note_states()
    world.session.refresh(author)
    world.note_states()


@program
def new_object_read_before_flush(world: World) -> None:
    author = world.make("Author", name="ann")
    world.session.add(author)
    world.note(author.id, author.born, author.books)
    world.note_states()
    world.session.flush()
    world.note_states()
    world.note(author.born, author.books)


@program
def history_of_scalars(world: World) -> None:
    author = world.stored("Author", name="ann")
    attrs = world.core.inspect(author).attrs
    for value in ("bea", "cat", "ann", None):
        author.name = value
        world.note(value, attrs.name.history, world.session.is_modified(author))
    world.session.expire(author)
    author.name = "dot"
    world.note(attrs.name.history)
    author.born = 5
    world.session.flush()
    world.note(attrs.name.history, attrs.born.history)


@program
def history_of_collections(world: World) -> None:
    author = world.stored("Author", name="ann", books=[world.make("Book", name=name) for name in "abc"])
    attrs = world.core.inspect(author).attrs
    world.note(attrs.books.history)
    first, second, third = author.books
    world.note(attrs.books.history)
    author.books.remove(second)
    author.books.append(world.make("Book", name="new"))
    world.note(attrs.books.history, world.core.inspect(second).attrs.author.history)
    author.books = [third, first, second]
    world.note(attrs.books.history, author.books)
    world.session.flush()
    world.note(attrs.books.history)


@program
def history_of_references(world: World) -> None:
    first, second = world.stored("Author", name="a"), world.stored("Author", name="b")
    book = world.stored("Book", name="x", author=first)
    attrs = world.core.inspect(book).attrs
    for value in (second, None, first):
        book.author = value
        world.note(attrs.author.history, first.books, second.books)
    world.session.expire(book)
    book.author = second
    world.note(attrs.author.history)


@program
def deletion_with_unloaded_children(world: World) -> None:
    author = world.stored("Author", name="ann", books=[world.make("Book", name=name) for name in "ab"])
    world.session.expire_all()
    world.session.delete(author)
    world.note_states()
    world.session.flush()
    world.note_states()
    world.session.commit()


@program
def deletion_of_a_tree(world: World) -> None:
    root = world.make("Node", name="root")
    for name in "ab":
        child = world.make("Node", name=name, parent=root)
        child.children = [world.make("Node", name=name * 2)]
    world.session.add(root)
    world.session.commit()
    world.session.delete(root)
    world.note_states()
    world.session.commit()


@program
def orphans_of_a_tree(world: World) -> None:
    root = world.make("Node", name="root", children=[world.make("Node", name=name) for name in "abc"])
    root.children[0].children = [world.make("Node", name="aa")]
    world.session.add(root)
    world.session.commit()
    moved, gone, kept = root.children
    world.note(kept.children, gone.parent)  # loaded before: an autoflush between removal and append would delete
    root.children.remove(moved)
    kept.children.append(moved)
    gone.parent = None
    world.note_states()
    world.session.commit()


@program
def orphan_that_was_pending(world: World) -> None:
    root = world.stored("Node", name="root")
    child = world.make("Node", name="child")
    root.children.append(child)
    world.note_states()
    root.children.remove(child)
    world.note_states()


@program
def rollback_after_everything(world: World) -> None:
    kept = world.stored("Author", name="kept", books=[world.make("Book", name="a"), world.make("Book", name="b")])
    doomed = world.stored("Author", name="doomed")
    new = world.make("Author", name="new")
    world.session.add(new)
    world.session.delete(doomed)
    kept.name = "changed"
    kept.books.pop()
    kept.books.append(world.make("Book", name="c"))
    world.session.flush()
    world.note_states()
    world.session.rollback()
    world.note_states()
    world.note(kept.name, kept.books, new.id is not None, doomed.name)


@program
def savepoint_rolled_back(world: World) -> None:
    kept, doomed = world.stored("Author", name="kept"), world.stored("Author", name="doomed")
    untouched = world.stored("Author", name="untouched")
    world.note(kept.name, doomed.name, untouched.name)
    world.session.add(world.make("Author", name="outer"))
    nested = world.session.begin_nested()
    world.session.add(world.make("Author", name="inner"))
    kept.name = "changed"
    world.session.delete(doomed)
    world.session.flush()
    world.note_states()
    nested.rollback()
    world.note_states()
    world.session.commit()


@program
def savepoint_released_then_rolled_back(world: World) -> None:
    kept = world.stored("Author", name="kept")
    with world.session.begin_nested():
        world.session.add(world.make("Author", name="inner"))
        kept.name = "changed"
    world.note_states()
    world.session.rollback()
    world.note_states()
    world.note(kept.name)


@program
def savepoint_with_a_failure_in_it(world: World) -> None:
    world.stored("Book", name="same")
    other = world.make("Book", name="other")
    world.session.add(other)
    with world.catching(), world.session.begin_nested():
        world.session.add(world.make("Book", name="same"))
    world.note(world.session.is_active)
    world.note_states()
    world.session.commit()


@program
def failed_flush(world: World) -> None:
    old = world.stored("Book", name="same")
    world.session.add_all([world.make("Book", name="same"), world.make("Author", name="ann")])
    with world.catching():
        world.session.flush()
    world.note(world.session.is_active, world.session.in_transaction())
    world.note_states()
    for use in (world.session.commit, world.session.connection, world.session.begin_nested, world.session.flush):
        with world.catching():
            use()
    world.session.rollback()
    world.note_states()
    world.note(old.name)


@program
def stale_update(world: World) -> None:
    author = world.stored("Author", name="ann")
    world.note(author.name)
    author.name = "bea"
    world.session.connection().execute(world.Author.__table__.delete())
    with world.catching():
        world.session.flush()
    world.note(world.session.is_active)


@program
def errors_of_wrong_calls(world: World) -> None:
    session, author = world.session, world.make("Author", name="ann")
    for use in (
        lambda: session.delete(author),
        lambda: session.refresh(author),
        lambda: session.expire(author),
        lambda: session.expunge(author),
        lambda: session.add(None),
        lambda: session.add(world.Author),
        lambda: session.delete("ann"),
        lambda: "ann" in session,
        lambda: session.execute("SELECT 1"),
        lambda: session.get(world.Author, (1, 2)),
        lambda: session.get(world.Author, {"nick": 1}),
        lambda: session.get_one(world.Author, 1),
        lambda: len(session),
        lambda: world.core.inspect(object()),
        lambda: setattr(author, "books", None),
        lambda: setattr(author, "books", {}),
        lambda: world.Author(nick="x"),
        lambda: delattr(author, "born"),
        lambda: author.books.remove(world.Book()),
        lambda: session.scalars(world.core.select(world.Author)).one(),
        lambda: session.begin() and session.begin(),
    ):
        with world.catching():
            use()


@program
def detached_objects(world: World) -> None:
    author = world.stored("Author", name="ann", books=[world.make("Book", name="a")])
    world.note(author.name)
    world.session.expunge(author)
    world.note_states()
    with world.catching():
        world.note(author.books)
    world.note(author.name)
    author.name = "bea"
    world.session.add(author)
    world.note_states()
    world.note(author.books)
    world.session.commit()


@program
def identity_conflict(world: World) -> None:
    author = world.stored("Author", name="ann")
    key = author.id
    world.session.expunge(author)
    twin = world.session.get(world.Author, key)
    world.note(twin is author)
    with world.catching():
        world.session.add(author)
    world.note_states()


@program
def row_switch(world: World) -> None:
    old = world.stored("Author", name="old", born=1)
    key = old.id
    world.session.delete(old)
    new = world.make("Author", id=key, name="new", born=2)
    world.session.add(new)
    world.session.flush()
    world.note_states()
    world.session.commit()


@program
def primary_key_changed(world: World) -> None:
    author = world.stored("Author", name="ann")
    old = author.id
    author.id = old + 10
    world.session.flush()
    world.note(world.session.get(world.Author, old + 10) is author, world.session.get(world.Author, old))
    world.session.rollback()
    world.note(author.id == old, world.session.get(world.Author, old) is author)


@program
def foreign_keys_by_hand(world: World) -> None:
    first, second = world.stored("Author", name="a"), world.stored("Author", name="b")
    book = world.make("Book", name="x", author_id=first.id)
    world.session.add(book)
    world.note(book.author)
    world.session.flush()
    world.note(book.author)
    world.session.expire(book, ["author"])
    world.note(book.author)
    book.author_id = second.id
    world.note(book.author)
    world.session.flush()
    world.note(book.author)
    world.session.commit()
    world.note(book.author, first.books, second.books)


@program
def many_to_many_both_sides(world: World) -> None:
    book, tag = world.stored("Book", name="b"), world.stored("Tag", name="t")
    book.tags.append(tag)
    world.note(tag.books)
    world.session.flush()
    tag.books.remove(book)
    world.note(book.tags)
    tag.books.append(book)
    world.session.flush()
    world.session.delete(tag)
    world.session.flush()
    world.note(book.tags)
    world.session.commit()
    world.note(book.tags)


@program
def back_references_of_unloaded_collections(world: World) -> None:
    author = world.stored("Author", name="ann", books=[world.make("Book", name="a"), world.make("Book", name="b")])
    first = author.books[0]
    world.note(first.author)
    world.session.expire(author)
    with world.session.no_autoflush:
        world.make("Book", name="new", author=author)
        first.author = None
        world.note_states(author)
        world.note(author.books)
        world.note_states()


@program
def not_attached_through_the_back_reference(world: World) -> None:
    author = world.stored("Author", name="ann")
    world.make("Book", name="left out", author=author)
    world.note_states()
    world.session.flush()
    world.note_states()
    world.note(author.books)


@program
def autoflush_of_queries(world: World) -> None:
    world.session.add(world.make("Author", name="ann"))
    select = world.core.select
    world.note(world.session.scalars(select(world.Author.name)).all())
    world.session.autoflush = False
    world.session.add(world.make("Author", name="bea"))
    world.note(world.session.scalars(select(world.Author.name).order_by(world.Author.name)).all())
    world.note_states()


@program
def rows_of_joins(world: World) -> None:
    world.session.add(world.make("Author", name="ann", books=[world.make("Book", name=name) for name in "ab"]))
    world.session.add(world.make("Author", name="bea"))
    select, author, book = world.core.select, world.Author, world.Book
    for statement in (
        select(author, book.name).join(author.books).order_by(book.id),
        select(author.name, world.core.func.count(book.id)).outerjoin(author.books).group_by(author.name),
        select(book).join(book.author).where(author.name.like("a%")).order_by(book.name.desc()),
        select(author).where(author.books.any(book.name == "a")),
        select(book).where(book.author.has(name="bea")),
        select(author).where(~author.books.any()),
        select(author.name).where(author.id.in_([1, 2])).order_by(author.id).limit(1).offset(1),
        select(book).where(book.author == world.session.get(author, 1)).order_by(book.id),
    ):
        world.note([[world.shown(cell) for cell in row] for row in world.session.execute(statement)])


@program
def transactions_in_blocks(world: World) -> None:
    session = world.session
    with session.begin():
        session.add(world.make("Author", name="a"))
        world.note(session.in_transaction(), session.in_nested_transaction())
    world.note(session.in_transaction())
    with world.catching(), session.begin():
        session.add(world.make("Author", name="b"))
        raise ZeroDivisionError
    with session.begin():
        session.add(world.make("Author", name="c"))
        session.commit()
        with world.catching():
            session.add(world.make("Author", name="d"))
        with world.catching():
            session.execute(world.core.select(world.Author))
    world.note_states()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    """AP-01: a program leaves the same trace on unitwork as on the reference."""
    ours = trace_of("unitwork", PROGRAMS[name])
    reference = trace_of("sqlalchemy", PROGRAMS[name])

    assert_same(ours, reference)


def assert_same(ours: list[tuple[Any, ...]], reference: list[tuple[Any, ...]]) -> None:
    """Fail at the first place where two traces differ, and show what came before it."""
    for place, (got, expected) in enumerate(zip_longest(ours, reference)):
        if got != expected:
            before = "\n".join(f"  {line}" for line in reference[max(0, place - 40) : place])
            pytest.fail(f"{before}\n  unitwork:   {got}\n  sqlalchemy: {expected}", pytrace=False)


def random_program(seed: int) -> Program:
    """A program of 25 random steps, the same for every library.

    Without autoflush: the libraries load a few values at different times, and would flush at those times. The seeds
    in use are some in which the reference does nothing that the specification decides against or leaves open.
    """

    def run(world: World) -> None:
        dice = random.Random(seed)
        world.session.autoflush = False
        for number in range(25):
            step = dice.choice(STEPS)
            with world.catching():
                step(world, dice, number)
            world.note(step.__name__, world.session.is_active, world.session.in_transaction())
            world.note_states()
            if not world.session.is_active:
                world.session.rollback()

    return run


def chosen(world: World, dice: random.Random, cls_name: str) -> Any:
    """One of the objects of a class in the Session that is not about to be deleted; a new one if there is none."""
    candidates = [
        obj
        for obj in world.made
        if type(obj).__name__ == cls_name and obj in world.session and obj not in world.session.deleted
    ]
    if candidates:
        return dice.choice(candidates)
    obj = world.make(cls_name, name=f"{cls_name}{len(world.made)}")
    world.session.add(obj)
    return obj


def step_new(world: World, dice: random.Random, number: int) -> None:
    cls_name = dice.choice(["Author", "Book", "Tag"])
    world.session.add(world.make(cls_name, name=f"{cls_name}{number}"))


def step_write(world: World, dice: random.Random, number: int) -> None:
    chosen(world, dice, dice.choice(["Author", "Book", "Tag"])).name = f"n{number}"


def step_append(world: World, dice: random.Random, number: int) -> None:
    author, book = chosen(world, dice, "Author"), chosen(world, dice, "Book")
    world.note(author.books, book.author)
    if book not in author.books:
        author.books.append(book)


def step_assign(world: World, dice: random.Random, number: int) -> None:
    book, author = chosen(world, dice, "Book"), chosen(world, dice, "Author")
    world.note(book.author)
    book.author = author if dice.random() < 0.7 else None


def step_remove(world: World, dice: random.Random, number: int) -> None:
    author = chosen(world, dice, "Author")
    if author.books:
        author.books.pop()


def step_tag(world: World, dice: random.Random, number: int) -> None:
    book, tag = chosen(world, dice, "Book"), chosen(world, dice, "Tag")
    if tag in book.tags:
        book.tags.remove(tag)
    else:
        book.tags.append(tag)


def step_read(world: World, dice: random.Random, number: int) -> None:
    author, book = chosen(world, dice, "Author"), chosen(world, dice, "Book")
    world.note(author.name, author.books, book.name, book.author, book.tags)


def step_delete(world: World, dice: random.Random, number: int) -> None:
    world.session.delete(chosen(world, dice, dice.choice(["Author", "Book", "Tag"])))


def step_expire(world: World, dice: random.Random, number: int) -> None:
    world.session.expire(chosen(world, dice, dice.choice(["Author", "Book"])))


def step_refresh(world: World, dice: random.Random, number: int) -> None:
    world.session.refresh(chosen(world, dice, dice.choice(["Author", "Book"])))


def step_query(world: World, dice: random.Random, number: int) -> None:
    cls = dice.choice([world.Author, world.Book])
    world.note(sorted(world.session.scalars(world.core.select(cls.name)).all(), key=str))


def step_flush(world: World, dice: random.Random, number: int) -> None:
    world.session.flush()


def step_commit(world: World, dice: random.Random, number: int) -> None:
    world.session.commit()


def step_rollback(world: World, dice: random.Random, number: int) -> None:
    world.session.rollback()


def step_savepoint(world: World, dice: random.Random, number: int) -> None:
    world.session.begin_nested()


def step_end_savepoint(world: World, dice: random.Random, number: int) -> None:
    nested = world.session.get_nested_transaction()
    if nested is not None:
        nested.commit() if dice.random() < 0.5 else nested.rollback()


STEPS = [
    *[step_new] * 3,
    *[step_append] * 3,
    *[step_assign] * 2,
    *[step_tag] * 2,
    *[step_flush] * 2,
    step_write,
    step_remove,
    step_read,
    step_delete,
    step_expire,
    step_refresh,
    step_query,
    step_commit,
    step_rollback,
    step_savepoint,
    step_end_savepoint,
]


@pytest.mark.parametrize("seed", range(20, 45))
def test_random_program(seed: int) -> None:
    """AP-01, ST-04 to ST-23: random programs leave the same trace on unitwork as on the reference."""
    ours = trace_of("unitwork", random_program(seed))
    reference = trace_of("sqlalchemy", random_program(seed))

    assert_same(ours, reference)

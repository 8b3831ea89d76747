"""Any objects of any hierarchy, saved, changed and deleted, are read back equal (LB-07, FP-12)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from unitwork import ForeignKey, create_engine, func, select
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column

#: One class below the root: (number of the class above, whether it has a table of its own).
SHAPES = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=5)
VALUES = st.one_of(st.none(), st.integers(-5, 5))
#: (what to do, which class or object, which attribute, new value, whether to forget all objects afterwards)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "change", "change", "delete", "rollback", "commit"]),
        st.integers(0, 20),
        st.integers(0, 5),
        VALUES,
        st.booleans(),
    ),
    max_size=15,
)


def mapped(shape: list[tuple[int, bool]]) -> list[Any]:
    """Return the classes of a hierarchy, the root first; class n has the attributes ``v`` of those above and ``vn``."""

    class Base(DeclarativeBase):
        pass

    class C0(Base):
        __tablename__ = "t0"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[int]
        v0: Mapped[int | None]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": 0}

    classes: list[Any] = [C0]
    tables = ["t0"]
    for number, (above, joined) in enumerate(shape, 1):
        parent = above % len(classes)
        body: dict[str, Any] = {
            "__tablename__": f"t{number}" if joined else None,
            "__mapper_args__": {"polymorphic_identity": number},
        }
        body["__annotations__"] = {f"v{number}": Mapped[int | None]}
        if joined:
            body["id"] = mapped_column(ForeignKey(f"{tables[parent]}.id"), primary_key=True)
            body["__annotations__"]["id"] = Mapped[int]
        classes.append(type(f"C{number}", (classes[parent],), body))
        tables.append(f"t{number}" if joined else tables[parent])
    return classes


def values_of(obj: Any) -> tuple[Any, ...]:
    """Class and values of an object."""
    names = sorted(name for name in type(obj).__mapper__.columns if name.startswith("v"))
    return (type(obj).__name__, *(getattr(obj, name) for name in names))


@given(SHAPES, STEPS)
@settings(max_examples=60, deadline=None)
def test_objects_of_a_hierarchy_are_read_back_equal(shape: list[tuple[int, bool]], steps: list[Any]) -> None:
    """LB-07, FP-12: through any of the classes; no row is left in any table."""
    classes = mapped(shape)
    root = classes[0]
    metadata = root.__table__.metadata
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    wanted: dict[int, tuple[Any, ...]] = {}
    safe: dict[int, tuple[Any, ...]] = {}
    with Session(engine) as session:
        for act, which, attribute, value, forget in steps:
            if act == "add":
                obj = classes[which % len(classes)]()
                set_value(obj, attribute, value)
                session.add(obj)
                session.flush()
                wanted[obj.id] = values_of(obj)
            elif act in ("change", "delete") and wanted:
                key = sorted(wanted)[which % len(wanted)]
                obj = session.get(root, key)
                if act == "delete":
                    session.delete(obj)
                    del wanted[key]
                else:
                    set_value(obj, attribute, value)
                    wanted[key] = values_of(obj)
                session.flush()
            elif act == "rollback":
                session.rollback()
                wanted = dict(safe)
            else:
                session.commit()
                safe = dict(wanted)
            if forget:
                session.expunge_all()
            found = {obj.id: values_of(obj) for obj in session.scalars(select(root))}
            assert found == wanted
        session.expunge_all()
        for cls in classes:
            read = {obj.id: values_of(obj) for obj in session.scalars(select(cls))}
            below = {one.class_.__name__ for one in cls.__mapper__.self_and_descendants}
            assert read == {key: values for key, values in wanted.items() if values[0] in below}
        for table in metadata.sorted_tables:
            owners = [cls.__name__ for cls in classes if table in cls.__mapper__.tables]
            expected = sum(values[0] in owners for values in wanted.values())
            assert session.scalar(select(func.count()).select_from(table)) == expected
    engine.dispose()


def set_value(obj: Any, attribute: int, value: Any) -> None:
    """Give one of the attributes that the class has a value."""
    names = sorted(name for name in type(obj).__mapper__.columns if name.startswith("v"))
    setattr(obj, names[attribute % len(names)], value)

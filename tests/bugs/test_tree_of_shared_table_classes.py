"""A tree of objects of classes that share a table could not be inserted: KeyError for a column of another class."""

from __future__ import annotations

from typing import Any

from unitwork import ForeignKey, String, select
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


def test_levels_of_a_tree_are_of_different_classes(engine: Any) -> None:
    """LB-07, FP-10: each level is an INSERT of its own, of fewer classes than the flush has."""

    class Base(DeclarativeBase):
        pass

    class Node(Base):
        __tablename__ = "bug_tree"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10))
        up_id: Mapped[int | None] = mapped_column(ForeignKey("bug_tree.id"))
        below: Mapped[list[Any]] = relationship("Node", order_by="Node.id")
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "node"}

    class Leaf(Node):
        weight: Mapped[int | None] = mapped_column()
        __mapper_args__ = {"polymorphic_identity": "leaf"}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        top = Node(below=[Leaf(weight=1, below=[Node()]), Leaf()])
        session.add(top)
        session.commit()

        assert [type(one).__name__ for one in top.below] == ["Leaf", "Leaf"]
        assert list(session.scalars(select(Leaf.weight).order_by(Leaf.id))) == [1, None]
        for one in session.scalars(select(Node)):
            one.up_id = None
        top.kind = "node"
        session.commit()
        assert session.scalars(select(Node).where(Node.up_id.is_not(None))).all() == []

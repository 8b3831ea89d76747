

def test_a_base_may_gain_attributes_later(engine: Any) -> None:
    """LB-03, LB-07: subclasses that are mapped already have them too."""
    model = staff()
    model.Employee.badge = mapped_column(String(9))
    model.metadata.create_all(engine)
    with Session(engine) as session:
        boss = model.Boss(badge="b1")
        session.add_all([boss, model.Senior(badge="s1")])
        session.commit()
        boss.badge = "b2"
        session.commit()
        session.expunge_all()
        assert [one.badge for one in session.scalars(select(model.Employee).order_by(model.Employee.id))] == ["b2", "s1"]
    model.metadata.drop_all(engine)

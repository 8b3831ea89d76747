"""Functions, windows and CASE to SQL text.

Spec: LB-37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unitwork.sql.render_expr import ExpressionRenderer

if TYPE_CHECKING:
    from unitwork.sql.functions import Case, Function, TypeCoerce
    from unitwork.sql.sequences import NextValue
    from unitwork.sql.windows import Filtering, Frame, Over, WithinGroup


class CallRenderer(ExpressionRenderer):
    """Makes text of expressions, calls included."""

    def visit_function(self, element: Function) -> str:
        """A function call."""
        if element.name.lower() == "aggregate_strings" and len(element.arguments) == 2:
            text, separator = [self.text(argument) for argument in element.arguments]
            return self.style.aggregate_strings(text, separator)
        return self.style.function(element.spelling, self.joined(element.arguments) or ("*" if element.star else ""))

    def visit_next_value(self, element: NextValue) -> str:
        """The next value of a sequence."""
        return self.style.next_value(element.sequence)

    def visit_case(self, element: Case) -> str:
        """CASE, searched or with a value."""
        parts = ["CASE"]
        if element.value is not None:
            parts.append(self.text(element.value))
        for condition, result in element.whens:
            parts.append(f"WHEN {self.text(condition)} THEN {self.text(result)}")
        if element.else_ is not None:
            parts.append(f"ELSE {self.text(element.else_)}")
        return " ".join([*parts, "END"])

    def visit_type_coerce(self, element: TypeCoerce) -> str:
        """An expression that only Python takes for another type."""
        return self.text(element.element)

    def visit_over(self, element: Over) -> str:
        """A function over a window."""
        inner: Any = element.element
        parts = []
        if element.partition_by:
            parts.append(f"PARTITION BY {self.joined(element.partition_by)}")
        if element.order_by:
            parts.append(f"ORDER BY {self.joined(element.order_by)}")
        if element.frame is not None:
            parts.append(self._frame(element.frame))
        if inner.visit == "within_group" and self.style.within_group:
            text = self._within_group(inner)
        else:
            text = self.text(inner)
        return f"{text} OVER ({' '.join(parts)})"

    def _frame(self, frame: Frame) -> str:
        if frame.unit == "GROUPS" and not self.style.frame_groups:
            raise self.style.refusal("a window frame of GROUPS", "use rows= or range_=.")
        return f"{frame.unit} BETWEEN {_bound(frame.start, 'PRECEDING')} AND {_bound(frame.end, 'FOLLOWING')}"

    def visit_filtering(self, element: Filtering) -> str:
        """An aggregate of some of the rows."""
        if not self.style.aggregate_filter:
            raise self.style.refusal("FILTER (WHERE …) of an aggregate", "aggregate case((criterion, value)).")
        return f"{self.text(element.element)} FILTER (WHERE {self.text(element.criterion)})"

    def visit_within_group(self, element: WithinGroup) -> str:
        """An aggregate over ordered rows."""
        if self.style.within_group != "yes":
            do = "add over()." if self.style.within_group else "compute it in Python."
            raise self.style.refusal("WITHIN GROUP without OVER" if self.style.within_group else "WITHIN GROUP", do)
        return self._within_group(element)

    def _within_group(self, element: WithinGroup) -> str:
        return f"{self.text(element.element)} WITHIN GROUP (ORDER BY {self.joined(element.order_by)})"


def _bound(value: int | None, unbounded: str) -> str:
    if value is None:
        return f"UNBOUNDED {unbounded}"
    if value == 0:
        return "CURRENT ROW"
    return f"{abs(value)} {'PRECEDING' if value < 0 else 'FOLLOWING'}"

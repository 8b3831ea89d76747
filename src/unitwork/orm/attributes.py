"""History, markers and attribute access, under the reference's path."""

from unitwork.base.markers import NEVER_SET, NO_VALUE
from unitwork.instrument.access import (
    del_attribute,
    flag_modified,
    get_attribute,
    get_history,
    is_instrumented,
    set_attribute,
    set_committed_value,
)
from unitwork.instrument.class_sql import QueryableAttribute
from unitwork.mapping.typed import InstrumentedAttribute
from unitwork.state.history import History
from unitwork.state.instance import state_of as instance_state

__all__ = [
    "NEVER_SET",
    "NO_VALUE",
    "History",
    "InstrumentedAttribute",
    "QueryableAttribute",
    "del_attribute",
    "flag_modified",
    "get_attribute",
    "get_history",
    "instance_state",
    "is_instrumented",
    "set_attribute",
    "set_committed_value",
]

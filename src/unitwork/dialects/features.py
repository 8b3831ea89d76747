"""What a database can do, as data: behaviour is chosen by these fields, never by the name of a database or driver.

Spec: LB-33.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Features:
    """Capabilities of one database as reached through its driver."""

    #: How a transaction begins: a statement of its own ("text"), the same in front of the first statement in one
    #: string ("rides"), or by itself with the first statement ("implicit").
    begin: Literal["text", "rides", "implicit"]
    #: Isolation levels that may be asked for, upper case, without AUTOCOMMIT.
    isolation_levels: tuple[str, ...]
    #: INSERT … RETURNING, for many rows in one statement.
    insert_returning: bool
    #: UPDATE … RETURNING.
    update_returning: bool
    #: DELETE … RETURNING.
    delete_returning: bool
    #: RETURNING of an UPDATE may name columns of the VALUES it is joined with.
    update_returning_joined: bool
    #: How many rows are updated in one statement: ``UPDATE … FROM (VALUES …)`` or ``UPDATE … JOIN (VALUES …) SET``.
    update_many: Literal["from", "join"]
    #: Words in front of each row of a VALUES list in FROM.
    values_row: str
    #: DEFAULT may stand for a single cell of a VALUES list.
    default_cell: bool
    #: What follows the table name to insert one row of defaults.
    default_row: str
    #: ``INSERT … SELECT … FROM (VALUES …) ORDER BY n RETURNING`` gives rows in the order of n.
    insert_select_ordered: bool
    #: The driver tells the generated key of a single-row INSERT without RETURNING.
    lastrowid: bool
    #: How composite keys of a list are found: ``(a, b) IN (VALUES …)``, or by a join with the list, which DELETE spells
    #: ``DELETE FROM t USING …`` or ``DELETE t FROM t JOIN …``.
    key_list: Literal["values", "using", "join"]
    #: Parameters of one statement; None for no limit.
    max_parameters: int | None
    #: Bytes of one statement; None for no limit.
    max_packet: int | None
    #: Length of a name, and what is counted.
    max_name: int
    name_unit: Literal["bytes", "characters"]
    #: ALTER TABLE ADD CONSTRAINT exists; else foreign keys of a cycle are written inline.
    alter_add_constraint: bool
    #: DDL is undone by a rollback; else it commits.
    transactional_ddl: bool
    #: SELECT … FOR UPDATE; else it is left out.
    for_update: bool
    #: Sequences exist.
    sequences: bool
    #: Savepoints exist.
    savepoints: bool
    #: Prepared (two-phase) transactions exist.
    two_phase: bool
    #: Form of INSERT … or do something else.
    on_conflict: Literal["on conflict", "on duplicate key"]
    #: UPDATE and DELETE may name further tables directly.
    multi_table_dml: bool
    #: Rows counted by UPDATE are those matched, also unchanged ones.
    counts_matched: bool
    #: Query for the rows that the last statement changed, where the driver may not tell (after WITH); else None.
    ask_row_count: str | None

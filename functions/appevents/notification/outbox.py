"""The outbox of what clients tell: a user's events are published in the order of their acceptance."""

from __future__ import annotations

from fintegrate.outbox.table import OutboxTable
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
TABLE = OutboxTable(
    id="id",
    key="user_id",
    position="sequence",
    order=(("id", 0),),
    held_back="held back by an earlier event of the same user",
    is_next="is_next",
)

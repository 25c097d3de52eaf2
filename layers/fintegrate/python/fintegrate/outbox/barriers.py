"""Rows of a batch that must wait: an earlier row of their key is pending outside the batch."""

from __future__ import annotations

from collections.abc import Sequence

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.table import OutboxTable


def before_barriers(
    database: Database, statement: str, table: OutboxTable, rows: Sequence[Row]
) -> list[Row]:
    """The rows that may be sent.

    The statement takes `ids`, `keys` and `last_positions`, and `owners` (of each key) if the table has
    an owner. For each key it looks for pending rows before the last position that are not among `ids`,
    and returns the first as `key` and `position`. It may hold back a whole key with position 0.
    """
    key, position = table.key, table.position
    last: dict[object, int] = {}
    for row in rows:
        last[row[key]] = max(row[position], last.get(row[key], row[position]))
    batch = {
        "ids": array_literal(row[table.id] for row in rows),
        "keys": array_literal(last),
        "last_positions": array_literal(last.values()),
    }
    if table.owner is not None:
        owners = {row[key]: row[table.owner] for row in rows}
        batch["owners"] = array_literal(owners[lane] for lane in last)
    found = {row["key"]: row["position"] for row in database.fetch_all(statement, batch)}
    unbounded = float("inf")
    return [row for row in rows if row[position] < found.get(row[key], unbounded)]

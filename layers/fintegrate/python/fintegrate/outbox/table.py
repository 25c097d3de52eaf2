"""What an outbox must know of the table whose rows it sends: names of columns and one sentence.

Which rows there are and how they change is said by statements, which are handed in as well. Their
parameters have general names: `id`, `ids`, `key`, `keys`, `position`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fintegrate.database import Row


class OutboxTable(NamedTuple):
    """A table, or what the statements give as its rows.

    `id` names a row. Rows with the same `key` are sent in the order of their `position`, which grows
    in commit order.
    """

    id: str
    key: str
    position: str
    order: Sequence[tuple[str, object]]
    """The columns by which a sweep walks, each with a value that comes before all others. A claim
    finds the last row that was looked at in parameters `after_<column>`."""
    held_back: str
    """The reason that a row has which waits behind an earlier one of its key."""
    first_position: int | None = 1
    """A row with this position has none before it; None: every row may have."""

    @property
    def beginning(self) -> dict[str, Any]:
        """The parameters of a claim before which no row was looked at."""
        return {f"after_{column}": first for column, first in self.order}

    def after(self, row: Row) -> dict[str, Any]:
        """The parameters of a claim that goes on behind this row."""
        return {f"after_{column}": row[column] for column, _ in self.order}

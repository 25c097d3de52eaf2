"""What an outbox must know of its table: the names of columns, and one sentence.

The system also passes the statements that select and change rows. Their parameters have general
names: `id`, `ids`, `key`, `keys`, `position`, `owner`, `owners`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fintegrate.database import Row


class OutboxTable(NamedTuple):
    """A table, or the rows that the statements return.

    `id`, `key` and `position` are columns. `id` identifies a row. Rows with the same `key` are sent in
    the order of `position`, which grows in commit order.
    """

    id: str
    key: str
    position: str
    order: Sequence[tuple[str, object]]
    """The columns of a sweep's order, each with a value that sorts before all others. A claim gets the
    last visited row in the parameters `after_<column>`."""
    held_back: str
    """The failure reason of a row that waits behind an earlier row of its key."""
    owner: str | None = None
    """The column of the row's owner, where statements ask what holds back an owner's rows."""
    first_position: int | None = 1
    """The position of a key's first row. None if positions do not begin at a fixed value."""

    @property
    def beginning(self) -> dict[str, Any]:
        """The parameters of a run's first claim."""
        return {f"after_{column}": first for column, first in self.order}

    def after(self, row: Row) -> dict[str, Any]:
        """The parameters of a claim that continues after this row."""
        return {f"after_{column}": row[column] for column, _ in self.order}

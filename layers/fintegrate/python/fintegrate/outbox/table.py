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
    last visited row in the parameters `after_<column>`. With an owner these are lists, parallel to
    `owners`."""
    held_back: str
    """The failure reason of a row that waits behind an earlier row of its key."""
    owner: str | None = None
    """The column of the row's owner. Owners share a sweep's batches, so that one owner's backlog delays
    no other's rows, and statements ask what holds back an owner's rows."""
    first_position: int | None = 1
    """The position of a key's first row. None if positions do not begin at a fixed value."""
    is_next: str | None = None
    """A column of rows that were just written: true if no earlier row of their key was pending then. It
    must be found out while nobody else can write rows of the key, from there to the commit."""

    @property
    def beginning(self) -> dict[str, Any]:
        """The parameters of a run's first claim."""
        return {f"after_{column}": first for column, first in self.order}

    def after(self, row: Row) -> dict[str, Any]:
        """The parameters of a claim that continues after this row."""
        return {f"after_{column}": row[column] for column, _ in self.order}

    @property
    def first_claim(self) -> dict[str, Any]:
        """The parameters of a sweep's first claim. With an owner: of all owners."""
        if self.owner is None:
            return self.beginning
        return {"owners": None, **{f"after_{column}": None for column, _ in self.order}}

    def next_claim(self, rows: Sequence[Row], batch: int) -> dict[str, Any] | None:
        """The parameters of the claim that continues after these rows; None if there are no more.

        With an owner each row has its `share`: how many rows of one owner the claim took at most. Only
        an owner with as many may have more.
        """
        if self.owner is None:
            return self.after(rows[-1]) if len(rows) == batch else None
        of_owner: dict[Any, list[Row]] = {}
        for row in rows:
            of_owner.setdefault(row[self.owner], []).append(row)
        last = [found[-1] for found in of_owner.values() if len(found) >= found[0]["share"]]
        if not last:
            return None
        after = {f"after_{column}": [row[column] for row in last] for column, _ in self.order}
        return {"owners": [row[self.owner] for row in last], **after}

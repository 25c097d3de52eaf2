"""Reads what waits now and what has failed, per stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fintegrate.console.ages import seconds_since
from fintegrate.console.flows import EVERYTHING
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST = 20_000
"""So many rows of a kind are counted of each bank."""
STOCKS = ("pending", "held_back", "undelivered")
AGES = {
    "oldest_pending_seconds": "oldest_pending_at",
    "oldest_held_back_seconds": "oldest_held_back_at",
    "oldest_undelivered_seconds": "oldest_undelivered_at",
}


def read(database: Database, consumer_id: str | None, most: int = MOST) -> list[Row]:
    """A row per stream in scope; ages are in seconds, None where nothing waits.

    Nobody has to read the queue of a bank that is called, so nothing is told of it.

    `most` bounds what is counted of a kind; what is at the bank is never counted beyond `MOST`.
    """
    bounds = {"most": most, "most_there": min(most, MOST)}
    rows = database.fetch_all(SQL["read"], {"consumer_id": consumer_id, **bounds})
    for row in rows:
        for age, since in AGES.items():
            row[age] = seconds_since(row[since], row["at"])
        if row["webhook_state"] is not None or not row["present"]:
            row["queue_depth"] = row["readers"] = None
    return rows


def read_nobodys(database: Database) -> Row:
    """Dead letters that match no event, in a queue of no consumer: the operator's."""
    return database.fetch_all(SQL["nobodys"], {"most": MOST})[0]


def totalled(rows: Sequence[Row]) -> list[Row]:
    """The figures that the history keeps, of each stream that has some, and of all together."""
    kept = [_kept(str(row["consumer_id"]), [row]) for row in rows if _has_figures(row)]
    return [*kept, _kept(EVERYTHING, rows)]


def known(values: Sequence[Any]) -> list[Any]:
    """The values that are not unknown."""
    return [value for value in values if value is not None]


def _has_figures(row: Row) -> bool:
    return row["status"] == "active" or any(row[stock] for stock in STOCKS)


def _kept(stream: str, rows: Sequence[Row]) -> Row:
    depths, readers = (known([row[name] for row in rows]) for name in ("queue_depth", "readers"))
    return {
        "consumer_id": stream,
        **{stock: sum(row[stock] for row in rows) for stock in STOCKS},
        **{age: max(known([row[age] for row in rows]), default=None) for age in AGES},
        "queue_depth": sum(depths) if depths else None,
        "readers": sum(readers) if readers else None,
    }

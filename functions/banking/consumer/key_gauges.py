"""The gauge of when each consumer's key ends."""

from __future__ import annotations

from collections.abc import Iterator

from fintegrate.bounded_rows import bounded
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def key_gauges(db: Database, most: int) -> Iterator[GaugeFamily]:
    """The family, with at most `most` consumers by name: those whose key ends first."""
    rows = db.fetch_all(SQL["read_key_ends"], {})
    shown = bounded(rows, most, label="consumer", trouble=_soon, together={"expires_at": min})
    yield GaugeFamily(
        "fintegrate_api_key_expires_timestamp_seconds",
        "When the last active key of a consumer ends; consumers without one are left out",
        {(row["consumer"],): row["expires_at"] for row in shown},
        ("consumer",),
    )


def _soon(row: Row) -> float:
    return -float(row["expires_at"])

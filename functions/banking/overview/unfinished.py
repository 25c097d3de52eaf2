"""Work on a bank that is not finished: onboardings, exports, offboardings, files of the archive.

Leaves to `GET /consumer/onboard`, `/export` and `/offboard` what each waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.banking.overview.conditions import CONDITIONS
from fintegrate.console.ages import seconds_since
from fintegrate.console.attention import Finding
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
WORKS = ("onboarding", "export", "offboarding", "archive")
OF_BANKS = frozenset({"export"})
"""What a bank may begin itself, and hears of; all else is the operator's."""


def findings(
    db: Database, consumer_id: str | None, now: datetime, *, tenant: bool
) -> Iterator[Finding]:
    """The conditions that unfinished work in scope meets."""
    for row in _read(db, consumer_id):
        condition = CONDITIONS[f"{row['work']}_stuck"]
        age = seconds_since(row["since"], now)
        if condition.is_met(age) and (not tenant or row["work"] in OF_BANKS):
            yield Finding(
                condition, str(row["consumer_id"]), row["name"], age=age, since=row["since"]
            )


def unfinished_gauges(db: Database, now: datetime) -> Iterator[GaugeFamily]:
    """The family: of each kind of work the oldest, 0 where none is unfinished."""
    oldest = dict.fromkeys(WORKS, 0.0)
    for row in _read(db, None):
        age = seconds_since(row["since"], now) or 0.0
        oldest[row["work"]] = max(oldest[row["work"]], age)
    yield GaugeFamily(
        "fintegrate_unfinished_seconds",
        "How long an onboarding, export, offboarding or file of the archive has made no progress",
        {(work,): age for work, age in oldest.items()},
        ("work",),
    )


def _read(db: Database, consumer_id: str | None) -> list[Row]:
    return db.fetch_all(SQL["read"], {"consumer_id": consumer_id})

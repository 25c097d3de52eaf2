"""How the relay is now: its lanes, its intake, and the keys that rows name."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside
from fintegrate.system import Probe

SQL = queries_beside(__name__)
log = logging.getLogger(__name__)
MOST_COUNTED = 100_000
"""Of a key's events. More rows than that are counted as so many."""


def read_health(db: Database, sealing: Sealing) -> Row:
    """The whole answer; the process's key ring is read again if rows name a key that it lacks."""
    return {
        "taken_at": datetime.now(UTC),
        "lanes": read_lanes(db),
        "intake": read_intake(db),
        "key_ring": read_key_ring(db, sealing),
    }


def read_lanes(db: Database) -> list[Row]:
    """Each destination's lane: its state, its backlog, and what came of its last hour."""
    return db.fetch_all(SQL["read_lanes"], {}, revive=True)


def lanes_probe(db: Database) -> Probe:
    """One line of `GET /health`: how many lanes are blocked or failing. It is down with the database."""
    counts: Row = {}
    return Probe(
        lambda: counts.update(db.fetch_all(SQL["count_lanes"], {}, revive=True)[0]),
        details=lambda: counts,
    )


def read_intake(db: Database) -> Row:
    """What the order system has inserted and nobody has taken in."""
    (waiting,) = db.fetch_all(SQL["read_intake"], {}, revive=True)
    return {**waiting, "foreign": db.fetch_all(SQL["read_foreign"], {}, revive=True)}


def read_key_ring(db: Database, sealing: Sealing) -> Row:
    """The ring's ids, and how many rows name a key that it lacks or that does not write any more."""
    named = [row["key_id"] for row in db.fetch_all(SQL["read_key_ids"], {}, revive=True)]
    if not set(named) <= set(sealing.key_ids):
        sealing.ring.read_again()
    known = sealing.key_ids
    asked = sorted({*named, *known} - {known[0]})
    wanted = {"key_ids": asked, "most": MOST_COUNTED}
    rows = db.fetch_all(SQL["count_of_keys"], wanted, revive=True) if asked else []
    return {
        "writing": known[0],
        "former": [row for row in rows if row["key_id"] in known],
        "missing": [row for row in rows if row["key_id"] not in known],
    }


def say_missing_keys(db: Database, sealing: Sealing) -> None:
    """Log each key that rows name and the ring lacks: a process says it when it starts."""
    for row in read_key_ring(db, sealing)["missing"]:
        log.error(
            "RELAY_KEYS lacks the key %(key_id)s: %(credentials_count)s credentials and "
            "%(events_count)s events cannot be opened; put it back",
            row,
        )

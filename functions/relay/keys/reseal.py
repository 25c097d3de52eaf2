"""Seals credentials and the private data of events again: the middle of a rotation."""

from __future__ import annotations

import time

from chalicelib.relay import places
from fintegrate.access.resealing import Resealed, Resealing, SealedTable
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STEPS = ("count", "claim", "rewrite")


def _of_credential(row: Row) -> str:
    return places.of_credential(row["storefront_id"], row["platform_id"])


def _of_event(row: Row) -> str:
    return places.of_event(row["storefront_id"], row["identity"], row["event_type"])


TABLES = {
    "credentials": SealedTable("platform_credentials", "id", "key_id", "text", _of_credential),
    "events": SealedTable("marketing_events", "id", "key_id", "text", _of_event),
}
"""The credentials first: without one a lane stands."""


def reseal(
    db: Database, sealing: Sealing, seconds: float, *, batch: int, dry_run: bool = False
) -> dict[str, Resealed]:
    """Seal again for at most `seconds` plus one batch; `db` must be in no transaction.

    A key whose rows all bear the current one may be removed from the ring.
    """
    deadline = time.monotonic() + seconds
    done = {}
    for name, table in TABLES.items():
        statements = {step: SQL[f"{step}_{name}"] for step in STEPS}
        resealing = Resealing(db, sealing, table, statements, batch)
        done[name] = resealing.run(max(0.0, deadline - time.monotonic()), dry_run=dry_run)
    return done

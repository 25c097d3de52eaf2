"""Seals the banks' signing secrets again: the middle of a rotation of WEBHOOK_KEYS."""

from __future__ import annotations

from chalicelib.banking.webhooks.places import place_of
from fintegrate.access.resealing import Resealed, Resealing, SealedTable
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 100


def _place(row: Row) -> str:
    return place_of(row["consumer_id"])


NO_ID = "00000000-0000-0000-0000-000000000000"
TABLE = SealedTable("webhooks", "consumer_id", "key_id", "text", _place, NO_ID)


def reseal(db: Database, sealing: Sealing, seconds: float) -> Resealed:
    """Seal again for at most `seconds` plus one batch; `db` must be in no transaction.

    A key whose rows all bear the current one may be removed from the ring.
    """
    return Resealing(db, sealing, TABLE, SQL, BATCH).run(seconds)

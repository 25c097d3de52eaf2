"""Erases a customer: what the platform keeps of the person goes, what happened stays.

First the customer is deleted and the erasure written down, in one transaction. From then on nothing
about the person is kept that comes late. Then its events lose the person, a batch a transaction. The
next call, or the schedule `offboard` after some minutes, goes on with a run that was killed. What is in
queues is out of reach and ends with their time to live. Logs and other systems are not looked at here.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from chalicelib.banking.customer.customers import NOT_FOUND
from chalicelib.banking.customer.erasure_models import ErasureListing, ErasureRequest
from chalicelib.banking.events.topology import QUEUE_TTL_SECONDS
from fintegrate.database import Database, Row
from fintegrate.errors import Invalid, NotFound
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 1_000
LEFT_MINUTES = 5
"""An erasure that was begun so long ago has lost its request: no request lasts so long."""
NAMED = "reason: must not name the customer, because it stays; a ticket's number will do"
_SHORTEST_NAME = 3
"""A shorter name is part of many words."""
log = logging.getLogger(__name__)


def begin(db: Database, call: Call[ErasureRequest]) -> tuple[Row, Row | None]:
    """Delete the customer, if it is not, and write the erasure down; to be called in no transaction.

    Returns:
        What names the customer to the other statements, and the event of the deletion, if this was it.

    Raises:
        NotFound: the caller has and had no such customer.
        Invalid: the reason has the customer's name.
    """
    found = _find(db, call)
    of_customer = {
        "customer_id": str(call.body.customer_id),
        "consumer_id": found["consumer_id"],
    }
    asked = {
        "consumer_name": found["consumer_name"],
        "reason": call.body.reason,
        "key_id": call.caller.key_id,
        "actor": call.caller.actor or None,
        "request_id": call.request.id,
        "source_service": f"{call.request.method}: {call.request.path}",
        "traceparent": call.request.traceparent,
    }
    with db.transaction():
        db.fetch_one(SQL["lock_customer"], of_customer)
        db.fetch_one(SQL["hold_bank"], of_customer)
        db.execute(SQL["begin"], {**of_customer, **asked})
        event = db.fetch_one(SQL["delete_customer"], {**of_customer, **asked})
    log.info("erasing customer %(customer_id)s of consumer %(consumer_id)s", of_customer)
    return of_customer, event


def go_on(db: Database, of_customer: Row, deadline: float) -> None:
    """Erase what is left of a begun erasure, until it is done or the time is up; at least one batch."""
    while db.fetch_all(SQL["erase_events"], {**of_customer, "batch": BATCH})[0]["count"]:
        if time.monotonic() >= deadline:
            return
    db.execute(SQL["finish"], of_customer)


def finish_old(db: Database, deadline: float) -> int:
    """Go on with begun erasures that no request works on any more; returns how many are done by it."""
    rows = db.fetch_all(SQL["unfinished"], {"minutes": LEFT_MINUTES, "limit": BATCH}, revive=True)
    done = 0
    for row in rows:
        if time.monotonic() >= deadline:
            break
        go_on(db, row, deadline)
        done += told(db, row)["finished_at"] is not None
    return done


def told(db: Database, of_customer: Row) -> dict[str, Any]:
    """What became of the erasure, for the answer."""
    wanted = {**of_customer, "queue_seconds": QUEUE_TTL_SECONDS}
    return db.fetch_all(SQL["read"], wanted)[0]


def list_page(db: Database, wanted: ErasureListing, consumer_id: str | None) -> dict[str, Any]:
    """Read a page of erasures, newest first; of all consumers without a `consumer_id`."""
    rows = db.fetch_all(
        SQL["list"],
        {
            "consumer_id": consumer_id,
            "queue_seconds": QUEUE_TTL_SECONDS,
            **page_parameters(wanted.cursor, wanted.limit),
        },
    )
    erasures, next_cursor = page(rows, wanted.limit, "begun_at", "customer_id")
    return {"erasures": erasures, "next_cursor": next_cursor}


def _find(db: Database, call: Call[ErasureRequest]) -> Row:
    owner = None if call.caller.is_admin else call.caller.owner_id
    wanted = {"customer_id": str(call.body.customer_id), "consumer_id": owner}
    found = db.fetch_one(SQL["find"], wanted, revive=True)
    if found is None:
        raise NotFound(NOT_FOUND)
    name = found["customer_name"] or ""
    if len(name) >= _SHORTEST_NAME and name.casefold() in call.body.reason.casefold():
        raise Invalid(NAMED)
    return found

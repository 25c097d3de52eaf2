"""How a bank gets its events, as the admin chooses it: by its queue or by webhook.

A bank with a row in `webhooks` is called. The kind changes only while nothing of the bank waits or is
unconfirmed and no event of it is being written, so that no event takes one way behind the other's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.rewind import begin_at, find_start
from chalicelib.banking.leaving.offboarding import refuse_left
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.webhooks.models import DeliveryChoice
from chalicelib.banking.webhooks.secrets import signing_secret
from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.standard_webhooks import BOTH_SIGN
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, Invalid, NotFound
from fintegrate.http.audit import Audited
from fintegrate.queries import queries_beside

if TYPE_CHECKING:
    from fintegrate.outgoing.client import Client

SQL = queries_beside(__name__)
NOT_FOUND = "No such consumer; check consumer_id"
NO_WEBHOOK = "This consumer reads its queue; choose webhook with POST /consumer/delivery first"
ADMINS = "The admin's own consumer keeps its queue; choose the delivery of a bank"
NOT_EMPTY = (
    "Events of this consumer wait or are not confirmed; wait until GET /events/reconcile counts none, "
    "or send rewind: true to send them by the new way"
)
IN_ONBOARDING = (
    "This consumer's onboarding is not finished; POST /consumer/onboard chooses its delivery"
)
REPLAYED = "A rewind or a replay of this consumer is not done; wait for it, or cancel it"
_PAUSE_SECONDS = 0.05
WAITING = {
    "outcome": "waiting",
    "message": "The function that calls banks has not come to it; ask again",
    "http_status": None,
    "duration_ms": None,
}


def choose(
    db: Database,
    wanted: DeliveryChoice,
    derived: Callable[[], DerivedSecrets],
    request_id: str,
    *,
    in_onboarding: bool = False,
) -> Row:
    """Choose how a bank gets its events; returns what holds now, with a `secret` that was just made.

    `db` is in a transaction. A rewind holds everything back, and sends by the new way what is not
    confirmed. An onboarding alone may choose while it is not finished: its caller gets the secret.

    Raises:
        NotFound: there is no such consumer.
        Conflict: the kind cannot change now, the consumer's onboarding is not finished, or it has left,
            or is the admin's.
    """
    scope = {"consumer_id": str(wanted.consumer_id)}
    start = _look_for_start(db, wanted)
    db.execute(SQL["hold_births"], scope)
    found = _may_choose(db, scope["consumer_id"], in_onboarding=in_onboarding)
    is_webhook = wanted.delivery == "webhook"
    is_change = is_webhook != found["has_webhook"]
    if is_change:
        _check_change(found, rewind=wanted.rewind)
    settings = wanted.model_dump(include={"url", "max_in_flight", "timeout_seconds"})
    secret = calls_end = None
    if is_webhook and not found["has_webhook"]:
        seed = derived().new_seed()
        db.execute(SQL["begin"], {**scope, **settings, "seed": seed})
        secret = signing_secret(derived(), scope["consumer_id"], seed)
    elif is_webhook:
        db.execute(SQL["configure"], {**scope, **settings})
    elif found["has_webhook"]:
        db.execute(SQL["lock_lane"], scope)
        calls_end = (db.fetch_one(SQL["end"], scope) or {}).get("calls_end")
    is_due = is_change and (found["waits"] or found["unconfirmed"])
    job_id = _begin_rewind(db, wanted, start, request_id, calls_end) if is_due else None
    kept = settings if is_webhook else dict.fromkeys(settings)
    return {**scope, "delivery": wanted.delivery, **kept, "secret": secret, "rewind_job_id": job_id}


def _may_choose(db: Database, consumer_id: str, *, in_onboarding: bool) -> Row:
    """How the bank gets its events until now; the errors of `choose`, but for what waits."""
    found = db.fetch_one(SQL["read_kind"], {"consumer_id": consumer_id})
    if found is None:
        raise NotFound(NOT_FOUND)
    if consumer_id == ADMIN_ID:
        raise Conflict(ADMINS)
    if found["in_onboarding"] and not in_onboarding:
        raise Conflict(IN_ONBOARDING)
    refuse_left(db, consumer_id)
    return found


def told(wanted: DeliveryChoice, chosen: Row) -> Audited:
    """What the audit log keeps of a choice: where a bank's events go from now on."""
    asked = wanted.model_dump(mode="json", exclude={"reason"}, exclude_none=True)
    counts = {"rewind_job_id": chosen["rewind_job_id"]}
    details = {"filter": without_query(asked), "counts": counts}
    return Audited(wanted.reason or "done", chosen["consumer_id"], details)


def rotate(db: Database, consumer_id: str, derived: DerivedSecrets) -> Row:
    """Make a new secret; the one before signs beside it for a day. `db` is in a transaction.

    Raises:
        NotFound: there is no such consumer.
        Conflict: it reads its queue.
    """
    scope, seed = {"consumer_id": consumer_id}, derived.new_seed()
    wanted = {**scope, "seed": seed, "both_sign_seconds": BOTH_SIGN.total_seconds()}
    rotated = db.fetch_one(SQL["rotate"], wanted)
    if rotated is None:
        raise _no_webhook(db, consumer_id)
    secret = signing_secret(derived, consumer_id, seed)
    return {**scope, "secret": secret, "former_secret_until": rotated["former_until"]}


def read(db: Database, consumer_id: str) -> Row:
    """How a bank gets its events, and how its server does; never a secret.

    Raises:
        NotFound: there is no such consumer.
    """
    row = db.fetch_one(SQL["read"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def test_of(db: Database, consumer_id: str, seconds: float) -> Callable[[], dict[str, Any]]:
    """Ask for a test event; to be called in a transaction.

    Returns what waits for the outcome, at most so many seconds, once the transaction has committed: the
    process that answers requests has no way out to the internet.

    Raises:
        NotFound: there is no such consumer.
        Conflict: it reads its queue.
    """
    scope = {"consumer_id": consumer_id}
    asked = db.fetch_one(SQL["ask_test"], scope)
    if asked is None:
        raise _no_webhook(db, consumer_id)
    return partial(_outcome, db, {**scope, **asked}, seconds)


def check_address(url: str, settings: Configuration) -> None:
    """Look early whether a bank's address may be called.

    To be called before the first statement of a transaction: a name server may take seconds.

    Raises:
        Invalid: it may not.
    """
    from fintegrate.outgoing.exchange import Kind  # here, to spare other cold starts

    failure = _client(settings.webhook_allow_hosts, settings.stage).check(url)
    if failure is not None and failure.kind is Kind.NOT_ALLOWED:
        raise Invalid(f"url: {failure.why}")


def without_query(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, as it may be kept: the query of an address may have a secret of the bank's."""
    url = asked.get("url")
    return {**asked, **({"url": url.partition("?")[0]} if url else {})}


@cache
def _client(allow_hosts: str, stage: str) -> Client:
    from fintegrate.outgoing.client import Client
    from fintegrate.outgoing.urls import allowed_hosts

    return Client(allowed_hosts(allow_hosts, stage, "WEBHOOK_ALLOW_HOSTS"))


def _check_change(found: Row, *, rewind: bool) -> None:
    if found["is_replayed"]:
        raise Conflict(REPLAYED)
    if (found["waits"] or found["unconfirmed"]) and not rewind:
        raise Conflict(NOT_EMPTY)


def _look_for_start(db: Database, wanted: DeliveryChoice) -> datetime | None:
    """Where a rewind would begin. Not while births wait: it may take seconds."""
    scope = {"consumer_id": str(wanted.consumer_id)}
    found = db.fetch_one(SQL["read_kind"], scope)
    if not wanted.rewind or found is None:
        return None
    if found["has_webhook"] == (wanted.delivery == "webhook"):
        return None
    return find_start(db, scope["consumer_id"])


def _begin_rewind(
    db: Database,
    wanted: DeliveryChoice,
    start: datetime | None,
    request_id: str,
    calls_end: datetime | None,
) -> str:
    """Have what is not confirmed sent by the new way, not before the last call is over; the job's id."""
    job = begin_at(
        db,
        str(wanted.consumer_id),
        start,
        reason=f"the bank gets its events by {wanted.delivery} now",
        request_id=request_id,
        quiet_after=calls_end,
    )
    return str(job["job_id"])


def _no_webhook(db: Database, consumer_id: str) -> Exception:
    read(db, consumer_id)  # raises NotFound if there is none
    return Conflict(NO_WEBHOOK)


def _outcome(database: Database, asked: Row, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done = database.fetch_one(SQL["read_test"], asked, revive=True)
        if done is not None:
            return done
        time.sleep(_PAUSE_SECONDS)
    return dict(WAITING)

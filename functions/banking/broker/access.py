"""A bank's user of the broker, as the API wants it: made, replaced, taken away, read.

The API has no administrator's rights. It writes what is wanted into `broker_access`, and the function
`broker_admin` (`chalicelib.banking.broker.administration`) brings it about.
"""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlsplit

from chalicelib.banking.events.topology import queue_name
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
POLL_SECONDS = 0.05
PASSWORD_BYTES = 32
SETTLED = {"active", "revoked"}
NO_CONSUMER = "No such consumer; check consumer_id"
NO_ACCESS = "This consumer has no access to the broker; make one with POST /consumer/broker-access"
EXISTS = "This consumer has access; send rotate: true to replace its password at once"
IN_ONBOARDING = (
    "This consumer's onboarding is not finished; POST /consumer/onboard makes its access"
)
DEACTIVATED = "The consumer is deactivated; activate it first with POST /consumer/change-status"


def username_of(consumer_name: str) -> str:
    """The consumer's user. No consumer's name has a hyphen, so it is nobody else's user."""
    return f"consumer-{consumer_name}"


def broker_address(rabbitmq_url: str) -> str:
    """Where a bank connects: the broker's URL without the platform's user and password."""
    parts = urlsplit(rabbitmq_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def make_access(
    db: Database, consumer_id: str, rabbitmq_url: str, *, rotate: bool, in_onboarding: bool = False
) -> Row:
    """Write down a new password and return the bank's credentials, inside the caller's transaction.

    An onboarding alone may make an access while it is not finished: what is undone was never in
    anybody's hands.

    Raises:
        NotFound: there is no such consumer.
        Conflict: it has access and `rotate` is false, its onboarding is not finished, or it is
            deactivated.
    """
    # Here, to spare other cold starts: it imports Python's HTTP client.
    from fintegrate.messaging.management import hash_password

    scope = {"consumer_id": consumer_id}
    consumer = db.fetch_one(SQL["lock_consumer"], scope)
    if consumer is None:
        raise NotFound(NO_CONSUMER)
    if consumer["in_onboarding"] and not in_onboarding:
        raise Conflict(IN_ONBOARDING)
    if consumer["status"] != "active":
        raise Conflict(DEACTIVATED)
    if consumer["has_access"] and not rotate:
        raise Conflict(EXISTS)
    username, password = username_of(consumer["name"]), secrets.token_urlsafe(PASSWORD_BYTES)
    row = {"username": username, "password_hash": hash_password(password)}
    db.execute(SQL["make_access"], {**scope, **row})
    return {
        "username": username,
        "password": password,
        "url": broker_address(rabbitmq_url),
        "queue": queue_name(consumer["name"]),
        "state": "pending",
    }


def revoke_access(db: Database, consumer_id: str) -> Row:
    """Write down that the access is taken away. Returns the state; it may have been so before.

    Raises:
        NotFound: the consumer never had access.
    """
    db.execute(SQL["revoke_access"], {"consumer_id": consumer_id})
    return {"state": read_access(db, consumer_id)["state"]}


def consumer_changed(db: Database, consumer_id: str) -> bool:
    """Write down that the consumer's status changed; returns whether it has or had access."""
    return bool(db.execute(SQL["consumer_changed"], {"consumer_id": consumer_id}))


def read_access(db: Database, consumer_id: str) -> Row:
    """The access as it is: what is wanted, and what the broker was last seen to do.

    Raises:
        NotFound: the consumer never had access.
    """
    row = db.fetch_one(SQL["read_access"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NO_ACCESS)
    count = row["connection_count"]
    return {
        "username": row["username"],
        "queue": queue_name(row["name"]),
        "state": row["state"],
        "made_at": row["made_at"],
        "revoked_at": row["revoked_at"],
        "connected": None if count is None else count > 0,
        "connection_count": count,
        "observed_at": row["observed_at"],
    }


def wait_until_settled(db: Database, consumer_id: str, seconds: float) -> str:
    """Wait until the broker does what is wanted, at most `seconds`. Returns the state then."""
    deadline = time.monotonic() + seconds
    while True:
        state = str(read_access(db, consumer_id)["state"])
        if state in SETTLED or time.monotonic() >= deadline:
            return state
        time.sleep(POLL_SECONDS)

"""Onboardings: begun and read by requests, brought on by requests and by the schedule `onboard`.

An onboarding is a saga (`fintegrate.saga`), a row of `onboardings`. Its answer alone has the secrets.
Leaves what each step does to `chalicelib.banking.onboarding.steps`.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.banking.consumer.consumers import check_room
from chalicelib.banking.onboarding.steps import NAMES, OnboardingSteps
from chalicelib.banking.webhooks.choosing import without_query
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.audit import Audited
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Accepted
from fintegrate.queries import queries_beside
from fintegrate.saga import DONE, READY, UNDONE, Saga

SQL = queries_beside(__name__)
UNFINISHED = {"running", READY, "undoing"}
NOT_FOUND = "No such onboarding; check consumer_id or consumer_name"
EXISTS = "A consumer named {name} exists; choose another name"
ONBOARDED = (
    "{name} is onboarded. If the answer with its secrets was lost, send rotate: true to "
    "POST /consumer/api-key, and to POST /consumer/broker-access, or for a bank that is called use "
    "POST /consumer/delivery/rotate"
)
OTHERWISE = "An onboarding of {name} with other fields is not finished; send the same fields"
AT_WORK = "This onboarding is being worked on just now; try again"
TOO_LATE = "This onboarding is {state}"
FAILED = "The onboarding failed and everything was undone: {reason}"
log = logging.getLogger(__name__)
_SHOWN = (
    "consumer_id", "consumer_name", "state", "tries", "reason", "created_at", "updated_at",
    "finished_at",
)  # fmt: skip
_WANTED = ("display_name", "delivery", "message_format", "expires_in_days")
_OF_WEBHOOK = ("url", "max_in_flight", "timeout_seconds")


class Onboarding:
    """The onboardings of one database.

    `steps_for` makes the steps from what the event of a new consumer says of its request. `tell` sends
    such an event. `settle` has the bank's new password brought about, and completes the answer.
    """

    def __init__(
        self,
        database: Database,
        steps_for: Callable[[Mapping[str, Any]], OnboardingSteps],
        tell: Callable[[Row, float], object],
        settle: Callable[[str, Row], object],
    ) -> None:
        self._db = database
        self._steps_for = steps_for
        self._tell = tell
        self._settle = settle

    def bring_on(self, consumer_id: str, told_by: Mapping[str, Any]) -> Row | Accepted:
        """Go on as far as possible: with the secrets when all is done, or accepted with the state.

        Raises:
            Conflict: it has failed and is undone, or another caller has its secrets.
        """
        began = time.monotonic()
        ran = self._saga(told_by).run(consumer_id, attended=True)
        if ran is not None and ran.made is not None:
            return self._finish(ran.row, dict(ran.made), began)
        row = read(self._db, consumer_id)
        if row["state"] == DONE:
            raise Conflict(ONBOARDED.format(name=row["consumer_name"]))
        if row["state"] == UNDONE:
            raise Conflict(FAILED.format(reason=row["reason"]))
        return Accepted(told(row))

    def undo(self, consumer_id: str) -> Row | Accepted:
        """Go on with an onboarding that was given up: accepted while something of it is left."""
        self._saga({}).run(consumer_id, attended=True)
        row = read(self._db, consumer_id)
        return told(row) if row["state"] == UNDONE else Accepted(told(row))

    def bring_all_on(self, seconds: float) -> dict[str, int]:
        """Go on with all that are due; returns how many, by the state that they came to."""
        return self._saga({}).run_due(seconds)

    def _finish(self, row: Row, made: Row, began: float) -> Row:
        """The secrets are committed and nowhere else: whatever fails now, they are answered."""
        try:
            self._tell(made.pop("event"), began)
            if "broker_access" in made:
                self._settle(row["consumer_id"], made["broker_access"])
        except Exception:
            log.exception("after the onboarding of %s", row["consumer_name"])
        return {**told(row), **made}

    def _saga(self, told_by: Mapping[str, Any]) -> Saga:
        return Saga(self._db, SQL, "consumer_id", self._steps_for(told_by).of)


def begin(
    db: Database, name: str, wanted: Mapping[str, Any], who: tuple[str, str], most: int
) -> Row:
    """Begin an onboarding, or find the one of this name that is not finished. `db` is in a transaction.

    `who` is person and request. `most` is how many consumers there may be.

    Raises:
        Conflict: there is such a consumer, the unfinished one was asked for with other fields, or there
            are too many consumers.
    """
    row = _find(db, name)
    if row["state"] not in UNFINISHED:
        if row["existing_id"] is not None:
            known = row["existing_id"] == row["consumer_id"]
            raise Conflict((ONBOARDED if known else EXISTS).format(name=name))
        check_room(db, most)
        values = {
            "consumer_id": str(uuid.uuid4()),
            "consumer_name": name,
            "wanted": json.dumps(wanted),
            "actor": who[0],
            "request_id": who[1],
        }
        row = db.fetch_one(SQL["begin"], values) or _find(db, name)
    if row["wanted"] != wanted:
        raise Conflict(OTHERWISE.format(name=name))
    return row


def give_up(db: Database, consumer_id: str, reason: str | None) -> Row:
    """Write down that an onboarding that is not finished is to be undone.

    Raises:
        NotFound: there is none.
        Conflict: it is finished, is being undone, or somebody works on it just now.
    """
    given_up = f"given up by hand: {reason}" if reason else "given up by hand"
    row = db.fetch_one(SQL["give_up_by_hand"], {"consumer_id": consumer_id, "reason": given_up})
    if row is None:
        state = read(db, consumer_id)["state"]
        raise Conflict(AT_WORK if state in {"running", READY} else TOO_LATE.format(state=state))
    return row


def find(db: Database, name: str) -> Row:
    """Read the newest onboarding of a name.

    Raises:
        NotFound: there is none.
    """
    row = _find(db, name)
    if row["consumer_id"] is None:
        raise NotFound(NOT_FOUND)
    return row


def read(db: Database, consumer_id: str) -> Row:
    """Read the onboarding that makes, or has made, this consumer.

    Raises:
        NotFound: there is none.
    """
    row = db.fetch_one(SQL["read"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def list_page(db: Database, state: str | None, cursor: str | None, limit: int) -> Row:
    """Read a page of onboardings, newest first.

    Raises:
        Invalid: the cursor is none of ours.
    """
    rows = db.fetch_all(SQL["list"], {"state": state, **page_parameters(cursor, limit)})
    found, next_cursor = page(rows, limit, "created_at", "consumer_id")
    return {"onboardings": [told(row) for row in found], "next_cursor": next_cursor}


def audited(row: Row, reason: str | None = None) -> Audited:
    """What the audit log keeps of a request that begins an onboarding, goes on with it, or gives it up.

    `reason` is the person's.
    """
    asked = {"consumer_name": row["consumer_name"], **without_query(row["wanted"])}
    return Audited(reason or "onboarding", row["consumer_id"], asked)


def told(row: Row) -> Row:
    """An onboarding as its answer shows it, with what was asked for: none of it is secret."""
    wanted = row["wanted"]
    of_webhook = wanted if wanted["delivery"] == "webhook" else {}
    steps = [_step(row, name) for name in NAMES[wanted["delivery"]]]
    unfinished = row["state"] in UNFINISHED
    return {
        **{name: row[name] for name in _SHOWN},
        **{name: wanted.get(name) for name in _WANTED},
        **{name: of_webhook.get(name) for name in _OF_WEBHOOK},
        "steps": steps,
        "next_try_at": row["look_at"] if unfinished else None,
    }


def _step(row: Row, name: str) -> Row:
    if name == row["failed_step"]:
        return {"name": name, "state": "failed", "at": row["undone"].get(name)}
    for state in ("undone", "done"):
        if name in row[state]:
            return {"name": name, "state": state, "at": row[state][name]}
    return {"name": name, "state": "open", "at": None}


def _find(db: Database, name: str) -> Row:
    (row,) = db.fetch_all(SQL["find"], {"consumer_name": name})
    return row

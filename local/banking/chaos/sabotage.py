"""Breaks a promise on purpose, to show that the ledger notices.

Nothing here runs unless it is asked for by name (`SABOTAGE=… make chaos`). Such a run must fail.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

from local.chaos import sabotage

UNLUCKY = frozenset("07")
"""Events whose ids end with one of these characters are lost or late."""

OVERTAKEN = frozenset("01234567")
"""Events whose ids end with one of these characters are called late."""
DAWDLING_SECONDS = 3.0


def lose() -> None:
    """Report some events as published without sending them, at every try."""
    from fintegrate.messaging.message import Message
    from fintegrate.messaging.publisher import Publisher
    from fintegrate.outcome import CONFIRMED, Outcome

    publish = Publisher.publish

    def pretending(self: Publisher, messages: Sequence[Message], seconds: float) -> list[Outcome]:
        sent = [message for message in messages if not _is_unlucky(message)]
        outcomes = iter(publish(self, sent, seconds))
        return [CONFIRMED if _is_unlucky(message) else next(outcomes) for message in messages]

    sabotage.replace(Publisher, "publish", pretending)


def overtake() -> None:
    """Let a new event ignore an earlier pending one, and leave some events pending."""
    from fintegrate.database import Row
    from fintegrate.outbox.outbox import Outbox

    publish_new = Outbox.publish_new

    def skipping(self: Outbox, event: Row, written_after: float) -> None:
        if event["sequence"] > 1 or str(event["event_id"])[-1] in "13579bdf":
            publish_new(self, event, written_after)

    sabotage.replace(Outbox, "publish_new", skipping)
    sabotage.replace(Outbox, "_held_back", lambda *_: None)


def leak() -> None:
    """Let any tenant that knows a customer's id read the customer."""
    from chalicelib.banking.customer.customers import SQL as CUSTOMERS

    tenancy = "AND consumer_id = %(consumer_id)s"
    assert isinstance(CUSTOMERS, dict)
    assert tenancy in CUSTOMERS["read_customer"]
    CUSTOMERS["read_customer"] = CUSTOMERS["read_customer"].replace(tenancy, "")


def apply_twice() -> None:
    """Let the bank's program apply an event again that it has applied before."""
    from local.banking.consumer.inbox import Inbox, Verdict

    judge = Inbox.judge

    def forgetful(self: Inbox, event: Any) -> Verdict:
        verdict = judge(self, event)
        return Verdict.NEXT if verdict is Verdict.REPEAT else verdict

    sabotage.replace(Inbox, "judge", forgetful)


def overtaken_webhook() -> None:
    """Count some calls as taken, and make them only a while later: the customer's next one overtakes."""
    from chalicelib.banking.webhooks.sending import PROCESSED, Sender
    from fintegrate.outbox.batches import Batch, Kind, Sent, Verdict

    send = Sender.send

    def dawdling(self: Sender, batch: Batch) -> Sent:
        (row,) = batch.rows
        if str(row.get("event_id", ""))[-1:] not in OVERTAKEN:
            return send(self, batch)
        threading.Timer(DAWDLING_SECONDS, send, (self, batch)).start()
        return Sent(batch, [Verdict(Kind.DELIVERED, code=PROCESSED)], 1, 200)

    sabotage.replace(Sender, "send", dawdling)


def doubled_webhook() -> None:
    """Call a bank twice with each event."""
    from fintegrate.outgoing.client import Pool
    from fintegrate.outgoing.exchange import Request, Result

    send = Pool.send

    def repeating(self: Pool, request: Request) -> Result:
        send(self, request)
        return send(self, request)

    sabotage.replace(Pool, "send", repeating)


SABOTAGES: sabotage.Sabotages = {
    function.__name__: function
    for function in (lose, overtake, leak, apply_twice, overtaken_webhook, doubled_webhook)
}
commit = partial(sabotage.commit, SABOTAGES)
"""Apply those that an environment asks for."""


def _is_unlucky(message: Any) -> bool:
    return str(message.properties.message_id)[-1] in UNLUCKY

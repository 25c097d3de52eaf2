"""A post office whose letters come by a queue: an inbox on a table that no system has.

A letter is JSON with `id`, `lane` and `text`. Its `wish` says how its handler behaves.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2

from fintegrate.breaker import CircuitBreaker
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Delivery, Inbox, NotYet, Outage, Passage, Rejected
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.messaging.topology import declare
from fintegrate.messaging.waiting_queues import WaitingQueues
from fintegrate.queries import load_queries

HERE = Path(__file__).parent
TABLES = (HERE / "mail.sql").read_text(encoding="utf-8")
SQL = load_queries(HERE / "mail_statements.sql")
WAITS = (0.05, 0.05, 0.05, 0.05, 0.05)
Letter = dict[str, Any]


def letter(text: str = "Dear Ann", lane: str = "north", **more: Any) -> Letter:
    """A letter as its sender writes it."""
    return {"id": str(uuid.uuid4()), "lane": lane, "text": text, **more}


class PostOffice:
    """One process that takes letters from a queue."""

    def __init__(
        self,
        database: Database,
        broker: str,
        queue: str,
        waits: Sequence[float] = WAITS,
        on_wish: Callable[[str], None] = lambda _wish: None,
    ) -> None:
        self.database = database
        self.broker = broker
        self.queues = WaitingQueues(queue, waits)
        self.publisher = Publisher(broker, CircuitBreaker())
        self.published: list[Row] = []
        self.tried: list[str] = []
        self.counted: dict[str, int] = {}
        self.paused: list[float] = []
        self.told: list[Passage] = []
        self._on_wish = on_wish
        self.inbox: Inbox[Letter] = Inbox(
            database,
            self.publisher,
            self.queues,
            SQL,
            self.read,
            self.apply,
            self.reject,
            lambda rows, _began: self.published.extend(rows),
            self.declare,
            self.count,
            tell=self.told.extend,
            pause=self.paused.append,
        )

    def declare(self) -> None:
        declare(self.broker, "", self.queues.queues([]))

    def count(self, step: str, count: int) -> None:
        self.counted[step] = self.counted.get(step, 0) + count

    def settle(
        self, messages: Sequence[QueueMessage], seconds_left: Callable[[], float] = lambda: 60.0
    ) -> Mapping[str, int]:
        return self.inbox.settle(messages, seconds_left)

    def read(self, message: QueueMessage) -> Delivery[Letter]:
        try:
            said = json.loads(message.body)
        except ValueError:
            raise Rejected("not_json", "it is no JSON") from None
        if said.get("wish") == "unreadable":
            raise KeyError("a defect while reading")
        told: Delivery[Any] = Delivery(said["lane"], said["id"], "letter", said, message)
        if said.get("wish") == "old form":
            raise Rejected("old_form", "it has the old form", told)
        return told

    def apply(self, delivery: Delivery[Letter]) -> Sequence[Row]:
        said, wish = delivery.event, str(delivery.event.get("wish", ""))
        self.tried.append(said["id"])
        if wish == "answer to a later one" and not self._is_delivered(said["to"]):
            raise NotYet("parent_not_found", "the letter that it answers has not come")
        self.database.execute(
            SQL["deliver"],
            {
                "id": said["id"],
                "lane": "nowhere" if wish == "bad lane" else said["lane"],
                "text": said["text"],
                "reply_to": "nothing" if wish == "bad at commit" else None,
            },
        )
        for lane in said.get("sheds", ()):
            self.database.execute(SQL["count_in_shed"], {"lane": lane})
        if wish == "swallowed":
            with suppress(psycopg2.Error):
                self.database.execute("SELECT 1 / 0", {})
        self._on_wish(wish)
        if wish == "refuse":
            raise Rejected("refused", said.get("reason", "nobody lives there"))
        if wish == "defect":
            raise KeyError("a defect")
        if wish == "store away":
            raise Outage("the store is away")
        if wish == "never":
            raise NotYet("not_yet", "it may come later")
        return ({"letter": said["id"], "outcome": "delivered"},)

    def _is_delivered(self, letter_id: str) -> bool:
        return bool(self.database.fetch_all(SQL["is_delivered"], {"id": letter_id}))

    def reject(self, delivery: Delivery[Letter], code: str, reason: str) -> Sequence[Row]:
        said = {"id": delivery.id, "code": code, "reason": reason}
        self.database.execute(SQL["refuse"], said)
        return ({"letter": delivery.id, "outcome": code},)

    def close(self) -> None:
        self.publisher.close()
        self.database.close()

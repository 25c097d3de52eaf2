"""Who publishes on the exchange past the API: notes without headers, copies of events, and poison."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pika
from pika.exceptions import AMQPError

from chalicelib.appevents.topology import EXCHANGE
from local.appevents.chaos.evidence import ACCEPTED, Act, Published, Told
from local.services.amqp import channel_on

PAUSE_SECONDS = 0.4
NOTE = "machine.note.saved"
FORGED: Mapping[str, Any] = {"x-attempt": 10**9, "sequence": "first", "user_id": "somebody"}
"""Headers that say nothing true. What counts is in the body."""


@dataclass
class ByHand:
    """A user of the broker, who reaches it past the run's proxies.

    Args:
        told: what the phones have told, which grows meanwhile
    """

    user: str
    broker_url: str
    told: Sequence[Sequence[Told]]
    random: Random
    stopping: threading.Event
    published: list[Published] = field(default_factory=list)

    def run(self) -> None:
        """Publish until told to stop."""
        moves = {self._plain: 4, self._copy: 4, self._poison: 3}
        while not self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
            (move,) = self.random.choices(list(moves), list(moves.values()))
            move()

    def _plain(self) -> None:
        """A note, as rabbitmqadmin publishes it."""
        message_id = self._id()
        said = _said(self.user, message_id, NOTE, {"machine_id": "rack-1", "body": "By hand"})
        headers = self.random.choice([{}, FORGED])
        self._publish(Published("machine", message_id, self.user, NOTE), said, headers)

    def _copy(self) -> None:
        """An event that was accepted, once more."""
        acts = [
            each.act
            for phone in self.told
            for each in phone[-30:]
            if each.status in ACCEPTED and each.act.event_type == NOTE and not each.other
        ]
        if acts:
            act: Act = self.random.choice(acts)
            said = _said(act.user, act.id, act.event_type, act.data)
            self._publish(None, said, {}, act.id)

    def _poison(self) -> None:
        """What can never be acted on. Its id is in the properties alone, or belongs to no event."""
        message_id = self._id()
        good = _said(self.user, message_id, NOTE, {"machine_id": "rack-1", "body": "?"})
        wrong: list[dict[str, Any]] = [
            {"user_id": None},
            {"event_type": "no.such.type"},
            {"schema_version": "2.0.0"},
            {"data": {"machine_id": "rack-1"}},
        ]
        whole: list[Any] = [{**good, **each} for each in wrong]
        body = self.random.choice([b"no JSON", b"\xff\xfe", *whole])
        self._publish(Published("machine", message_id, self.user, NOTE, poison=True), body, {})

    def _id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _publish(
        self,
        published: Published | None,
        body: Any,
        headers: Mapping[str, Any],
        message_id: str = "",
    ) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        own_id = published.message_id if published else message_id
        properties = pika.BasicProperties(message_id=own_id, delivery_mode=2, headers=dict(headers))
        confirmed = False
        try:
            with channel_on(self.broker_url) as channel:
                channel.basic_publish(EXCHANGE, NOTE, raw, properties, mandatory=True)
                confirmed = True
        except (AMQPError, OSError):
            pass  # it may be there or not
        if published is not None:
            self.published.append(published._replace(confirmed=confirmed))


def _said(user: str, event_id: str, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_type": kind,
        "client_generated_id": event_id,
        "user_id": user,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": dict(data),
    }

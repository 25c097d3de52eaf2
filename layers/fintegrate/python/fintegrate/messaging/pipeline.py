"""The order of messages in a pipeline of confirms, and the outcome of each.

Each order key has at most one unconfirmed message. When one fails, the rest of its key is held back.
Touches no socket: `fintegrate.messaging.broker` sends, and passes on the broker's answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import pika.exceptions

from fintegrate.messaging.message import Message
from fintegrate.outcome import CONFIRMED, Outcome, Result

WINDOW = 2_000
"""How many messages may be unconfirmed at once. More would only wait inside the broker."""
HELD_BACK = Outcome(Result.HELD_BACK, "held back by an earlier message that failed")


class Pipeline:
    """The messages of one publish: which are sent, which wait, and the outcome of each.

    `send` sends one message to the broker and returns its delivery tag. `outcomes` has the order of
    the messages.
    """

    def __init__(self, messages: Sequence[Message], send: Callable[[Message], int]) -> None:
        self._messages = messages
        self._send = send
        self.outcomes = [Outcome(Result.UNSENT)] * len(messages)
        self._lanes: dict[str, deque[int]] = {}
        self._unconfirmed: dict[int, int] = {}  # delivery tag -> index, in tag order
        self._returned: dict[tuple[str, str], list[str]] = {}  # reasons; an id may be there twice
        for index, message in enumerate(messages):
            self._lanes.setdefault(message.order_key, deque()).append(index)
        self._ready = deque(lane.popleft() for lane in self._lanes.values())

    @property
    def ready(self) -> bool:
        """Whether any message may be sent, apart from the window."""
        return bool(self._ready)

    @property
    def waiting(self) -> bool:
        """Whether any message is unconfirmed or may be sent."""
        return bool(self._unconfirmed or self._ready)

    def fill(self) -> None:
        """Send what may be sent: the next message of each key that has none unconfirmed."""
        while self._ready and len(self._unconfirmed) < WINDOW:
            index = self._ready.popleft()
            try:
                tag = self._send(self._messages[index])
            except pika.exceptions.AMQPError:
                self._ready.appendleft(index)  # the connection is gone: it was not sent
                return
            self._unconfirmed[tag] = index

    def answered(self, tag: int, multiple: bool, confirmed: bool) -> None:
        """Handle an ack or nack, for one tag or for all up to it."""
        tags = self._up_to(tag) if multiple else [tag]
        for answered in tags:
            index = self._unconfirmed.pop(answered, None)
            if index is not None:
                self._settle(index, confirmed)

    def returned(self, message_id: str, routing_key: str, reason: str) -> None:
        """Handle a message that the broker returned; its ack follows."""
        self._returned.setdefault((message_id, routing_key), []).append(reason)

    def hold(self, reason: str) -> None:
        """Send no more. The rest is unsent, but unconfirmed messages may still get an answer."""
        self._ready.clear()
        for lane in self._lanes.values():
            lane.clear()
        self._leave_unsent(reason)

    def give_up(self, in_flight: Outcome) -> None:
        """Expect no more answers. What was sent gets the outcome `in_flight`, the rest is unsent."""
        for index in self._unconfirmed.values():
            self.outcomes[index] = in_flight
        self._leave_unsent(in_flight.reason)

    def _leave_unsent(self, reason: str) -> None:
        for index, outcome in enumerate(self.outcomes):
            if outcome.result is Result.UNSENT:
                self.outcomes[index] = Outcome(Result.UNSENT, reason)

    def _up_to(self, tag: int) -> list[int]:
        tags = []
        for unconfirmed in self._unconfirmed:
            if unconfirmed > tag:
                break
            tags.append(unconfirmed)
        return tags

    def _settle(self, index: int, confirmed: bool) -> None:
        message = self._messages[index]
        reasons = self._returned.get((str(message.properties.message_id), message.routing_key))
        if reasons:
            self._fail(message, index, Outcome(Result.UNROUTABLE, reasons.pop()))
        elif not confirmed:
            refusal = Outcome(Result.NACKED, f"nacked by the broker: {message.routing_key}")
            self._fail(message, index, refusal)
        else:
            self.outcomes[index] = CONFIRMED
            lane = self._lanes[message.order_key]
            if lane:
                self._ready.append(lane.popleft())

    def _fail(self, message: Message, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        for held in self._lanes[message.order_key]:
            self.outcomes[held] = HELD_BACK
        self._lanes[message.order_key].clear()

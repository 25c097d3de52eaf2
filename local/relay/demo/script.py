"""What happens in the demo: orders arrive for a while, and at its moments something goes wrong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

from local.relay.calls import Platforms
from local.relay.demo.book import Book, insert_rows
from local.relay.demo.orders import order
from local.relay.demo.processes import RelayProcess, as_ring, new_key
from local.relay.demo.shops import WRONG_TOKEN, Destination
from local.serving.calls import CallFailed

_SIDE_BY_SIDE = 5
"""Orders whose events make one batch."""
_TRIES = 3
_ROWS_EACH = 4
"""Each so-many-th batch is inserted as rows."""
_SEALING_SECONDS = 20.0
Say = Callable[[str], None]


@dataclass
class Record:
    """What was answered, and so what the books must say.

    Attributes:
        accepted: events that the API accepted
        inserted: rows of events that were new
        repeated: rows of events that had come before
        refusals: events that a platform was told to refuse
        failures: calls that failed
        sent: orders that were sent
    """

    orders: int
    accepted: int = 0
    inserted: int = 0
    repeated: int = 0
    refusals: int = 0
    sent: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class Script:
    """Plays it in a thread of its own; `done` is set at its end.

    Attributes:
        seconds: how long orders arrive
        short: platforms fail for a few requests, not for seconds
    """

    relay: RelayProcess
    platforms: Platforms
    destinations: Sequence[Destination]
    oms_url: str
    record: Record
    say: Say
    random: Random
    seconds: float
    short: bool
    book: Book
    stop: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)
    _last: Sequence[Mapping[str, Any]] = ()
    _rotation: Thread = field(init=False)

    def __post_init__(self) -> None:
        self._rotation = Thread(target=self._rotate, name="rotation")

    def play(self) -> None:
        """Send all orders, with everything that happens meanwhile."""
        moments = deque(self._moments())
        started = time.monotonic()
        try:
            for number in range(0, self.record.orders, _SIDE_BY_SIDE):
                if self.stop.is_set():
                    return
                self._send(number)
                while moments and self.record.sent >= moments[0][0] * self.record.orders:
                    moments.popleft()[1]()
                due = started + self.seconds * self.record.sent / self.record.orders
                self.stop.wait(max(0.0, due - time.monotonic()))
        except CallFailed as error:
            self.record.failures.append(str(error))
        finally:
            if self._rotation.ident is not None:
                self._rotation.join()
            self.done.set()

    def _moments(self) -> Sequence[tuple[float, Callable[[], None]]]:
        """The parts of the orders after which something happens, and what."""
        return [
            (0.05, self._throttle),
            (0.10, self._die),
            (0.20, self._refuse_one),
            (0.30, self._lose_answers),
            (0.40, self._rotate_keys),
            (0.70, self._mend_token),
            (0.90, self._repeat),
        ]

    def _send(self, number: int) -> None:
        """One batch, by the API or as rows."""
        numbers = range(number, min(number + _SIDE_BY_SIDE, self.record.orders))
        events = [event for each in numbers for event in order(self.random, each)]
        self.record.sent += len(numbers)
        if number // _SIDE_BY_SIDE % _ROWS_EACH == _ROWS_EACH - 1:
            insert_rows(self.oms_url, [*events, events[0]])
            self.record.inserted += len(events)
            self.record.repeated += 1
            return
        self._last = events
        taken = self._post(events)
        self.record.accepted += taken
        if taken != len(events):
            self.record.failures.append(f"of a batch of {len(events)} only {taken} were accepted")

    def _post(self, events: Sequence[Mapping[str, Any]]) -> int:
        """How many were accepted. Without an answer it is sent again: then some may be duplicates."""
        for _ in range(_TRIES - 1):
            try:
                answer = self.relay.oms.ask("POST", "/v1/events", {"data": events})
            except CallFailed as error:
                if error.answered:
                    raise
                self.say("no answer: the batch is sent again")
            else:
                return int(answer["accepted"] + answer["duplicates"])
        answer = self.relay.oms.ask("POST", "/v1/events", {"data": events})
        return int(answer["accepted"] + answer["duplicates"])

    def _repeat(self) -> None:
        """A batch that was answered is sent again, as by a caller who lost the answer."""
        answer = self.relay.oms.ask("POST", "/v1/events", {"data": self._last})
        self.say(f"a batch is sent again: {answer['duplicates']} duplicates, nothing stored")
        if answer["duplicates"] != len(self._last):
            self.record.failures.append("a repeated batch was not all duplicates")

    def _throttle(self) -> None:
        self.say("tiktok wants fewer requests: 429, twice in seconds, twice as a date")
        self.platforms.behave("tiktok", "throttle", requests=2, retry_after=2)
        self.platforms.behave("tiktok", "throttle", requests=2, retry_after=2, as_date=True)

    def _die(self) -> None:
        self.say("pinterest dies: it closes every connection")
        bound: Mapping[str, Any] = {"requests": 4} if self.short else {"seconds": 10}
        self.platforms.behave("pinterest", "drop_before", **bound)

    def _refuse_one(self) -> None:
        account = next(d.account for d in self.destinations if d.platform == "meta")
        self.say(f"meta refuses one event of {self.destinations[0].shop}, and says not which")
        self.platforms.behave("meta", "refuse_event", account=account, requests=1)
        self.record.refusals += 1

    def _lose_answers(self) -> None:
        self.say("webhooks: two receivers take an event, and their answers are lost")
        self.platforms.behave("webhook", "drop_after", requests=2)

    def _mend_token(self) -> None:
        shop, platform = WRONG_TOKEN
        (wrong,) = (d for d in self.destinations if (d.shop, d.platform) == WRONG_TOKEN)
        path = f"/admin/v1/credentials/{wrong.credential_id}"
        self.relay.admin.ask("PATCH", path, {"credentials": wrong.right})
        self.say(f"the admin mends the token of {platform} at {shop}")

    def _rotate_keys(self) -> None:
        """Beside the orders, which must notice nothing."""
        self._rotation.start()

    def _rotate(self) -> None:
        """A new key is added, then it writes, then all is sealed anew, then the old one goes."""
        try:
            ((old_id, old),) = self.relay.key_ring().items()
            new_id, new = f"{old_id}_next", new_key()
            self._use({old_id: old, new_id: new})
            self._use({new_id: new, old_id: old})
            self.say(f"a new key writes; the old one, {old_id}, still reads")
            self._seal_anew(old_id)
            self._use({new_id: new})
            self.say(f"no row names {old_id} any more: it is gone")
        except CallFailed as error:
            self.record.failures.append(str(error))

    def _seal_anew(self, old_id: str) -> None:
        """Until no row is sealed with the old key any more."""
        path = "/admin/v1/credentials/reencrypt"
        deadline = time.monotonic() + _SEALING_SECONDS
        while time.monotonic() < deadline:
            self.relay.admin.ask("POST", path, {"dry_run": False})
            if not self.book.names_key(old_id):
                return
            self.stop.wait(0.2)
        raise CallFailed(f"POST {path}: rows still name the old key", answered=True)

    def _use(self, ring: Mapping[str, str]) -> None:
        self.relay.replace({"RELAY_KEYS": as_ring(ring)})

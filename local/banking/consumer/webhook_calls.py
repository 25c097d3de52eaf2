"""Where calls of Fintegrate wait for this bank's one worker, and what each is answered.

The threads of the HTTP server verify and read; the worker alone works, as it does for a queue, because
the store is its own. A call that would wait too long is sent away with `Retry-After`, so the caller's
timeout is never what ends it. The answer carries what became of the event: nothing else confirms it.

Left to others: bytes and sockets (`webhook_server`), and the rules of one message (`processing`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, Full, Queue

from local.banking.consumer.confirmations import Confirmation
from local.banking.consumer.messages import MalformedMessage, is_test, parse_event
from local.banking.consumer.ordering import Delivery
from local.banking.consumer.processing import Outcome, Settlement
from local.banking.consumer.reporting import Reporter
from local.banking.consumer.settings import WrongSetting
from local.banking.consumer.signatures import NotGenuine, Secrets, check

MOST_WAITING = 100
"""Calls. As many as a bank may be called with at a time (`max_in_flight`)."""
WAIT_SECONDS = 5.0
"""Half of the time that a bank has to answer, if nothing else was agreed."""
JSON_TYPE, TEXT_TYPE = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered; `retry_after` in seconds."""

    status: int
    body: bytes = b""
    content_type: str = TEXT_TYPE
    retry_after: int | None = None

    @classmethod
    def saying(cls, status: int, words: str, retry_after: int | None = None) -> Reply:
        """A refusal, in words."""
        return cls(status, words.encode(), retry_after=retry_after)


BUSY = Reply.saying(429, "too many calls wait", 1)
LEAVING = Reply.saying(503, "the program ends", 1)
NO_STORE = Reply.saying(503, "the store is away", 1)
MISCONFIGURED = Reply.saying(503, "the secret cannot be read", 30)


@dataclass(slots=True)
class AnswerInstead:
    """Takes the worker's confirmations for the answer; none is sent by itself."""

    taken: Confirmation | None = None

    def confirm(self, confirmation: Confirmation) -> None:
        """Keep it; the last one counts."""
        self.taken = confirmation

    def reply(self, outcome: Outcome) -> Reply:
        """The answer about the event that was just worked on."""
        taken, self.taken = self.taken, None
        if outcome.settlement is Settlement.REJECT:
            return Reply.saying(422, outcome.reason or outcome.words)
        if taken is None:
            return Reply(202)
        said: dict[str, str] = {"status": taken.status}
        if taken.reason is not None:
            said["failure_reason"] = taken.reason
        return Reply(200, json.dumps(said).encode(), JSON_TYPE)


@dataclass(frozen=True, slots=True)
class Call:
    """An event whose caller waits for `reply`."""

    delivery: Delivery
    reply: Future[Reply] = field(default_factory=Future)


@dataclass(slots=True)
class WaitingCalls:
    """Between the server's threads and the worker."""

    secrets: Secrets
    reporter: Reporter
    wait_seconds: float = WAIT_SECONDS
    """So long a call waits for its turn; its work may then take as long as it takes."""
    _waiting: Queue[Call] = field(default_factory=lambda: Queue(MOST_WAITING))

    def answer(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """What to answer to a call; returns when its event was worked on, or sent away.

        Args:
            body: the very bytes that came
            headers: by their names in lower case
        """
        try:
            check(self.secrets.read(), body, headers)
        except NotGenuine as exc:
            self.reporter.warn(f"a call that is not Fintegrate's: {exc}")
            return Reply.saying(401, str(exc))
        except WrongSetting as exc:
            self.reporter.warn(str(exc))
            return MISCONFIGURED
        return self._answer_genuine(body, headers)

    def next_call(self, seconds: float) -> Call | None:
        """The call to work on now, if one comes in this time and its caller still waits."""
        try:
            call = self._waiting.get(timeout=seconds)
        except Empty:
            return None
        return call if call.reply.set_running_or_notify_cancel() else None

    def send_away(self) -> None:
        """Nothing more is worked on: who waits is told so."""
        while True:
            try:
                self._waiting.get_nowait().reply.cancel()
            except Empty:
                return

    def _answer_genuine(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            event = parse_event(body, headers, headers.get("content-type"))
        except MalformedMessage as exc:
            if is_test(body, headers.get("content-type")):
                self.reporter.note("a test call")
                return Reply(204)
            return self._refused(headers["webhook-id"], str(exc))
        if event.event_id != headers["webhook-id"]:
            return self._refused(headers["webhook-id"], "event_id: not that of webhook-id")
        return self._worked_on(Call(Delivery(0, event, datetime.now(UTC))))

    def _refused(self, webhook_id: str, words: str) -> Reply:
        self.reporter.warn(f"event {webhook_id!r} refused: {words}")
        return Reply.saying(422, words)

    def _worked_on(self, call: Call) -> Reply:
        try:
            self._waiting.put_nowait(call)
        except Full:
            return BUSY
        try:
            return call.reply.result(self.wait_seconds)
        except CancelledError:
            return LEAVING
        except TimeoutError:
            return BUSY if call.reply.cancel() else self._finished(call)

    def _finished(self, call: Call) -> Reply:
        """Its work has begun, and will be committed: only its own answer is right."""
        try:
            return call.reply.result()
        except CancelledError:
            return LEAVING

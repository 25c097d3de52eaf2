"""Sends a batch of one lane: rows become events, the adapter's request goes out, its answer is judged.

Runs in a sender's thread, without a database. What the network does is classified here, what an answer
means by the adapter. Nothing of a request is logged; the platform's words are kept without the secrets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from chalicelib.relay import places
from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.composing import too_old
from chalicelib.relay.delivery.opening import event_of, settings_of
from chalicelib.relay.delivery.shapes import Adapter, Answer, Destination, Event, Request
from chalicelib.relay.delivery.shapes import Kind as Meaning
from chalicelib.relay.delivery.shapes import Verdict as Judgement
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable
from fintegrate.answer_class import Meaning as FailureMeaning
from fintegrate.database import Row
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outgoing import exchange
from fintegrate.outgoing.client import Client, Patience, Pool
from fintegrate.outgoing.failure_class import meant_by_failure
from fintegrate.outgoing.scrubbing import scrubbed, without_values

_OF_FAILURES = {
    FailureMeaning.CONFIGURATION: Kind.CONFIGURATION,
    FailureMeaning.UNKNOWN: Kind.UNKNOWN,
    FailureMeaning.OUTAGE: Kind.OUTAGE,
}
_SHORT_CODE, _LONGEST_CODE = 12, 50
_HEADERS = frozenset({"x-business-use-case-usage"})
"""The headers of answers that adapters read beside the usual ones."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends for all lanes of a process. `client` is its one way out."""

    client: Client
    sealing: Sealing
    timeout_seconds: int = 0
    """The longest request, where an adapter's own is not shorter; 0 for the adapters' own."""
    _pools: dict[tuple[int, int], Pool] = field(default_factory=dict)
    _opened: dict[int, tuple[str | None, Destination]] = field(default_factory=dict)
    """The destination of each lane beside the sealed text that its credential was opened from, for one
    run. The ring of keys lies in the same memory, so this gives nothing more away."""
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def send(self, batch: Batch) -> Sent:
        """Send a batch. Raises only for a defect of ours.

        A ring of keys that lacks one stops the lane: nothing is requested, and no event fails.
        """
        verdicts: dict[int, Verdict | None] = {}
        events: list[Event] = []
        try:
            destination = self.destination_of(batch.lane)
            for row in batch.rows:
                try:
                    events.append(self.event_of(row))
                except (Unreadable, Misplaced) as error:
                    # With the right key it is this row that was changed: it must not stop its lane.
                    if isinstance(error, Unreadable) and row["key_id"] != batch.lane["key_id"]:
                        raise
                    verdicts[row["event"]] = Verdict(Kind.FAULT, str(error))
        except (KeyMissing, Unreadable, Misplaced) as error:
            sealed = Verdict(Kind.CONFIGURATION, f"RELAY_KEYS: {error}")
            return Sent(batch, [sealed] * len(batch.rows), requested=False)
        return self._send(batch, destination, events, verdicts)

    def split(self, lane: Row, rows: Sequence[Row]) -> list[Sequence[Row]]:
        """Part rows of a lane into those that one request may hold. Never raises.

        Rows that cannot be read go alone; sending them says what is wrong.
        """
        try:
            destination = self.destination_of(lane)
            by_event = {row["event"]: row for row in rows}
            events = [self.event_of(row) for row in rows]
            groups = adapter_of(lane["adapter"]).group(events, destination)
            return [[by_event[event.id] for event in group] for group in groups]
        except Exception:  # whatever it is, it is one row's or one lane's
            return [[row] for row in rows]

    def _send(
        self,
        batch: Batch,
        destination: Destination,
        events: Sequence[Event],
        verdicts: dict[int, Verdict | None],
    ) -> Sent:
        """Send the events that have no verdict yet and get none before a request."""
        adapter, now = adapter_of(destination.adapter), datetime.now(UTC)
        for event in events:
            if reason := adapter.skip_reason(event, destination):
                verdicts[event.id] = Verdict(Kind.SKIPPED, reason)
            elif too_old(event, adapter, now):
                verdicts[event.id] = Verdict(Kind.EXPIRED, "too_old")
        fit = [event for event in events if event.id not in verdicts]
        if not fit:
            return Sent(batch, [verdicts[row["event"]] for row in batch.rows], requested=False)
        first, *others = adapter.group(fit, destination)
        for event in (event for group in others for event in group):
            verdicts[event.id] = Verdict(Kind.POSTPONED, "another request holds it")
        request = adapter.compose(first, destination, now)
        result = self._pool(batch.lane).send(
            exchange.Request(request.method, request.url, request.headers, request.body, _HEADERS)
        )
        verdicts.update(verdicts_of(adapter, first, request, result, now))
        told = [verdicts[row["event"]] for row in batch.rows]
        return Sent(batch, told, result.milliseconds, result.status)

    def destination_of(self, lane: Mapping[str, Any]) -> Destination:
        """The lane's destination with its opened credentials."""
        lane_id, sealed, settings = (
            lane["lane_id"],
            lane["credentials_encrypted"],
            settings_of(lane),
        )
        known, destination = self._opened.get(lane_id, (None, None))
        if destination is None or known != sealed or destination.settings != settings:
            destination = Destination(
                id=str(lane_id),
                adapter=lane["adapter"],
                settings=settings,
                credentials=self._credentials_of(lane),
            )
            self._opened[lane_id] = sealed, destination
        return destination

    def forget(self) -> None:
        """Drop opened credentials: a deleted one is kept no longer than a run."""
        self._opened.clear()

    def _credentials_of(self, lane: Mapping[str, Any]) -> Mapping[str, str]:
        if lane["credentials_encrypted"] is None:
            return {}
        place = places.of_credential(lane["storefront_id"], lane["platform_id"])
        opened = self.sealing.open(lane["key_id"], lane["credentials_encrypted"], place)
        credentials: Mapping[str, str] = opened.reveal()
        return credentials

    def event_of(self, row: Row) -> Event:
        """A claimed row as the adapters take it, with its private data opened."""
        return event_of(row, self.sealing)

    def request_seconds(self, adapter: str) -> int:
        """The longest time of a request through this adapter."""
        own = adapter_of(adapter).TIMEOUT
        return min(own, self.timeout_seconds or own)

    def _pool(self, lane: Mapping[str, Any]) -> Pool:
        """The lane's connections, as many as it may have requests."""
        key = lane["lane_id"], lane["concurrency"]
        with self._alone:
            pool = self._pools.get(key)
            if pool is None:
                whole = self.request_seconds(lane["adapter"])
                pool = self.client.pool(lane["concurrency"], Patience(whole, min(3.0, whole)))
                self._pools[key] = pool
            return pool


def verdicts_of(
    adapter: Adapter,
    events: Sequence[Event],
    request: Request,
    result: exchange.Result,
    now: datetime,
) -> dict[int, Verdict | None]:
    """What came of each event of a request, by its id; None where nobody says which one failed."""
    if isinstance(result, exchange.Failure):
        verdict = _of_failure(result)
        return {event.id: verdict for event in events}
    answer = Answer(status=result.status, headers=result.headers, body=result.body)
    said = adapter.judge(answer, len(events), now)

    def clean(words: str, of: Sequence[Event] = events) -> str:
        persons = (data for event in of for data in (event.match_keys, event.private))
        return without_values(scrubbed(words, request.secrets), persons) if words else ""

    if said.kind is Meaning.EACH:
        return {
            event.id: DELIVERED
            if own.delivered
            else Verdict(
                Kind.REFUSED, clean(own.words, [event]) or "refused", code=_code(own.code, clean)
            )
            for event, own in zip(events, said.events, strict=True)
        }
    if said.kind is Meaning.HALVE:
        return {event.id: None for event in events}
    verdict = _of_judgement(said, f"HTTP {result.status}", clean)
    return {event.id: verdict for event in events}


def _of_judgement(said: Judgement, status: str, clean: Callable[[str], str]) -> Verdict:
    if said.kind is Meaning.DELIVERED:
        return DELIVERED
    words, code = clean(said.words) or status, _code(said.code, clean)
    if said.kind is Meaning.CONFIGURATION_REFUSED:
        reason = f"{said.reason}: {words}" if said.reason else words
        return Verdict(Kind.CONFIGURATION, reason, inf if said.reason == "gone" else None, code)
    kind = {
        Meaning.EVENT_REFUSED: Kind.REFUSED,
        Meaning.OVERLOAD: Kind.OVERLOAD,
        Meaning.OUTAGE: Kind.OUTAGE,
    }[said.kind]
    return Verdict(kind, words, said.wait, code)


def _code(code: str | None, clean: Callable[[str], str]) -> str | None:
    """A code as it can be kept: it is the receiver's text, too, though mostly a short number."""
    if not code or (len(code) <= _SHORT_CODE and code.isascii() and code.isalnum()):
        return code
    return clean(code)[:_LONGEST_CODE]


def _of_failure(failure: exchange.Failure) -> Verdict:
    return Verdict(_OF_FAILURES[meant_by_failure(failure)], failure.why)


def expires_at(row: Row, adapter: str) -> datetime:
    """When the event is too old for the adapter's platform."""
    moment: datetime = row["event_time"]
    return moment + adapter_of(adapter).AGE_LIMIT - timedelta(minutes=1)

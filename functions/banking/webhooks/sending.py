"""Calls a bank with one event: the message of its queue, signed. Runs in a sender's thread.

Uses no database. What an answer means for the event is a verdict; what the bank says in its body of
what became of the event is the verdict's `code`. Nothing of a request is logged. The bank's words are
kept without the secrets and the customer's name; of an erased customer's event they are not kept at all.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any

from chalicelib.banking.events.message import SCHEMA_VERSION, compose, written
from chalicelib.banking.webhooks.secrets import signing_secret
from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.standard_webhooks import signed_headers
from fintegrate.answer_class import GONE, Meaning, meant_by
from fintegrate.database import Row
from fintegrate.outbox.batches import Batch, Kind, Sent, Verdict, unsent
from fintegrate.outgoing.client import Client, Patience, Pool
from fintegrate.outgoing.exchange import Answer, Failure, Request, Result
from fintegrate.outgoing.failure_class import meant_by_failure
from fintegrate.outgoing.scrubbing import scrubbed, without_values

USER_AGENT = "fintegrate-banking/0.1.0"
RECEIVED, PROCESSED, FAILED = "received", "processed", "failed"
NO_REASON = "the bank named no reason"
TEST_TYPE = "webhook_test"
CONNECT_SECONDS = 3.0
Kept = Callable[[bytes | str], str]
_KINDS = {
    Meaning.REFUSED: Kind.REFUSED,
    Meaning.OVERLOAD: Kind.OVERLOAD,
    Meaning.OUTAGE: Kind.OUTAGE,
    Meaning.UNKNOWN: Kind.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Calls all banks of a process. `client` is its one way out."""

    client: Client
    derived: DerivedSecrets
    _pools: dict[tuple[str, int, int], Pool] = field(default_factory=dict)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def send(self, batch: Batch) -> Sent:
        """Call the bank with the batch's one event. Raises only for a defect of ours.

        A ring of keys that lacks one stops the lane: nothing is requested, and no event fails.
        """
        (row,) = batch.rows
        try:
            signing = self._signing(batch.lane)
        except KeyMissing as error:
            return unsent(batch, Kind.CONFIGURATION, f"WEBHOOK_KEYS: {error}")
        request = request_of(row, batch.lane, signing)
        result = self._pool(batch.lane).send(request)
        verdict = verdict_of(result, lambda words: _kept(words, signing, row))
        return Sent(batch, [verdict], result.milliseconds, result.status)

    def _signing(self, lane: Mapping[str, Any]) -> Sequence[str]:
        """The secrets that sign now, the newest first."""
        seeds = lane["secret_seeds"] if lane["both_sign"] else lane["secret_seeds"][:1]
        return [signing_secret(self.derived, lane["lane_id"], seed) for seed in seeds]

    def _pool(self, lane: Mapping[str, Any]) -> Pool:
        """The bank's connections, as many as it may have requests."""
        key = lane["lane_id"], lane["concurrency"], lane["timeout_seconds"]
        with self._alone:
            pool = self._pools.get(key)
            if pool is None:
                whole = float(lane["timeout_seconds"])
                patience = Patience(whole, min(CONNECT_SECONDS, whole))
                pool = self._pools[key] = self.client.pool(lane["concurrency"], patience)
            return pool


def request_of(row: Row, lane: Mapping[str, Any], signing: Sequence[str]) -> Request:
    """The request of an event's row, or of a test's."""
    headers = {"User-Agent": USER_AGENT}
    if "test_id" in row:
        message_id = row["test_id"]
        headers["Content-Type"], body = written(_test_of(row), lane["message_format"])
    else:
        message = compose({**row, "consumer_name": lane["consumer_name"]})
        message_id, body = row["event_id"], message.body
        headers["Content-Type"] = str(message.properties.content_type)
        headers["traceparent"] = str((message.properties.headers or {})["traceparent"])
    signed = signed_headers(message_id, int(time.time()), body, signing)
    return Request("POST", lane["url"], {**headers, **signed}, body)


def _test_of(row: Row) -> dict[str, Any]:
    """A message in the form of an event's, of a type that no event has."""
    return {
        "schema_version": SCHEMA_VERSION,
        "event_id": row["test_id"],
        "event_type": TEST_TYPE,
        "data": {},
        "metadata": {"created_at": row["created_at"].isoformat()},
    }


def verdict_of(result: Result, kept: Kept) -> Verdict:
    """What an answer means for its event. Of one that was taken, `code` says what became of it.

    Args:
        kept: gives what may be kept of the bank's words, which may be nothing
    """
    if isinstance(result, Failure):
        meaning = meant_by_failure(result)
        kind = Kind.CONFIGURATION if meaning is Meaning.CONFIGURATION else _KINDS[meaning]
        return Verdict(kind, result.why)
    meant, code = meant_by(result.status), str(result.status)
    if meant.meaning is Meaning.TAKEN:
        return _taken(result, kept)
    words = kept(result.body) or f"HTTP {result.status}"
    if meant.meaning is Meaning.CONFIGURATION:
        wait = inf if meant.reason == GONE else None
        return Verdict(Kind.CONFIGURATION, f"{meant.reason}: {words}", wait, code)
    kind = _KINDS[meant.meaning]
    wait = None if kind is Kind.REFUSED else result.retry_after(datetime.now(UTC)) or None
    return Verdict(kind, words, wait, code)


def _taken(answer: Answer, kept: Kept) -> Verdict:
    """A bank may say in its body that it has processed the event, or failed to; else it has it."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    status = said.get("status") if isinstance(said, dict) else None
    if status == FAILED:
        reason = said.get("failure_reason")
        words = kept(reason) if isinstance(reason, str) else ""
        return Verdict(Kind.DELIVERED, words or NO_REASON, code=FAILED)
    return Verdict(Kind.DELIVERED, code=PROCESSED if status == PROCESSED else RECEIVED)


def _kept(words: bytes | str, secrets: Sequence[str], row: Row) -> str:
    """What may be kept of a bank's words about a row's event, or in answer to a test."""
    facts = row.get("payload_json", {})
    if facts.get("erased"):
        return ""
    name = facts.get("name", "")
    forms = {"as it is": name, "in JSON": json.dumps(name)[1:-1]}
    return without_values(scrubbed(words, secrets), [forms])

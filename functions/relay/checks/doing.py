"""Does the checks that admins have asked for, in the process that has the way out.

Runs beside the delivery, in threads of its own: a receiver that hangs delays no lane. Leaves the writing
back of a probe to the lanes' book, as for any delivery.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.book import SQL as BOOK
from chalicelib.relay.delivery.book import Deliveries
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.sending import Sender, verdicts_of
from chalicelib.relay.values.wrong import WrongValue
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Unreadable
from fintegrate.database import Database, Row
from fintegrate.outbox.batches import Batch, Sent, attempt
from fintegrate.outbox.lane_book import Book
from fintegrate.outgoing import exchange
from fintegrate.outgoing.client import Patience
from fintegrate.outgoing.scrubbing import scrubbed
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SIDE_BY_SIDE = 4
log = logging.getLogger(__name__)


class Done(NamedTuple):
    """What came of a check."""

    outcome: str
    message: str | None = None
    event: int | None = None
    platform_code: str | None = None
    http_status: int | None = None
    duration_ms: int | None = None


GONE = Done("not_sent", "The destination was deleted")


@dataclass
class Checks:
    """The checks of one process."""

    database: Database
    sender: Sender
    book: Deliveries
    _under_way: set[Future[None]] = field(default_factory=set)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="check")
    )

    def take(self) -> None:
        """Begin what was asked for, as far as a thread is free."""
        self._under_way = {check for check in self._under_way if not check.done()}
        if free := SIDE_BY_SIDE - len(self._under_way):
            for row in self.database.fetch_all(SQL["take"], {"most": free}):
                self._under_way.add(self._threads.submit(self._do, row))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for those under way; returns whether all have ended."""
        return not wait(self._under_way, seconds).not_done

    def close(self) -> None:
        """Take no more."""
        self._threads.shutdown(wait=False)

    def _do(self, check: Row) -> None:
        try:
            does = self._test if check["kind"] == "test" else self.probe
            done = does(check["lane_id"])
        except Exception as error:
            log.exception("check %s of lane %s failed", check["check_id"], check["lane_id"])
            done = Done("fault", f"our own fault: {type(error).__name__}")
        try:
            self.database.execute(SQL["answer"], {"check_id": check["check_id"], **done._asdict()})
        except Exception:
            log.exception("check %s is not answered", check["check_id"])
        finally:
            self.database.close()  # this thread's own

    def _test(self, lane_id: int) -> Done:
        lane = self._destination(lane_id)
        if lane is None:
            return GONE
        now = datetime.now(UTC)
        try:
            destination = self.sender.destination_of(lane)
            adapter = adapter_of(destination.adapter)
            request = adapter.test_request(destination, now)
        except (KeyMissing, Unreadable, Misplaced) as error:
            return Done("configuration", f"RELAY_KEYS: {error}")
        except WrongValue as error:
            return Done("not_sent", str(error))
        whole = min(adapter.TIMEOUT, self.sender.timeout_seconds or adapter.TIMEOUT)
        pool = self.sender.client.pool(0, Patience(whole, min(3.0, whole)))
        result = pool.send(
            exchange.Request(request.method, request.url, request.headers, request.body)
        )
        pool.close()
        (verdict,) = verdicts_of(adapter, [sample_event(now)], request, result, now).values()
        secrets = [*request.secrets, *destination.credentials.values()]
        words = result.body if isinstance(result, exchange.Answer) else result.why
        return Done(
            verdict.kind.value if verdict else "refused",
            scrubbed((verdict and verdict.reason) or words, secrets),
            platform_code=verdict.code if verdict else None,
            http_status=result.status,
            duration_ms=result.milliseconds,
        )

    def probe(self, lane_id: int) -> Done:
        lane = self._destination(lane_id)
        if lane is None:
            return GONE
        batch = self.book.claim_one(lane_id)
        if batch is None:
            return Done("nothing_pending", "No delivery waits that nobody sends already")
        sent = attempt(self.sender.send, batch)
        self.book.write_back([sent])
        (verdict,) = sent.verdicts
        return Done(
            verdict.kind.value if verdict else "refused",
            verdict.reason if verdict else None,
            batch.rows[0]["event"],
            verdict.code if verdict else None,
            sent.http_status,
            sent.milliseconds,
        )

    def _destination(self, lane_id: int) -> Row | None:
        """What a request needs; None if the destination has gone meanwhile."""
        lane = self.database.fetch_one(BOOK["read_destinations"], {"lane_id": lane_id})
        is_there = lane and (lane["credentials_encrypted"] or lane["sgtm_url"])
        return lane if is_there else None


@dataclass(frozen=True, slots=True)
class BookWithChecks:
    """The lanes' book, which also looks for checks when it is asked what is due."""

    book: Book
    checks: Checks

    def due(self) -> list[Row]:
        self.checks.take()
        return self.book.due()

    def wait(self) -> float | None:
        return self.book.wait()

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        return self.book.claim(lane, requests)

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        return self.book.renew(batches)

    def release(self, batches: Sequence[Batch]) -> None:
        self.book.release(batches)

    def write_back(self, sent: Sequence[Sent]) -> None:
        self.book.write_back(sent)

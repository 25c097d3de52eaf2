"""Prepares what the flows of the console find: a bank that keeps up, and one with all faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.queries import load_queries
from local.banking.queue_figures import Figures
from tests.support.banking import Bank
from tests.support.fixtures import Query

SQL = load_queries(Path(__file__).with_suffix(".sql"))
FULL = 100_000
MISSED, GIVEN_UP, BEHIND = 40, 12, 4


def nacked(bank: Bank) -> str:
    """What a full queue makes the broker say; no try is spent."""
    return f"nacked by the broker: customer_creation.{bank.name}"


def returned(bank: Bank) -> str:
    """What a queue that is not bound makes the broker say, until the last try."""
    return f"NO_ROUTE: customer_creation.{bank.name}"


@dataclass
class Faults:
    """The ids of what was prepared."""

    missed: list[str] = field(default_factory=list)
    """Published from three to two hours ago, and never confirmed: the bank was down."""
    given_up: list[str] = field(default_factory=list)
    stuck_customer: str = ""
    head: str = ""
    matched_letters: list[str] = field(default_factory=list)
    unmatched_letters: list[str] = field(default_factory=list)
    processed: list[str] = field(default_factory=list)


class Past:
    """Writes events as they are after some history."""

    def __init__(self, query: Query, bank: Bank, name: str) -> None:
        self.query, self.bank, self.name = query, bank, name

    def run(self, statement: str, **parameters: object) -> list[str]:
        rows = self.query(SQL[statement], consumer_id=self.bank.consumer_id, **parameters)
        return [str(next(iter(row.values()))) for row in rows]

    def events(
        self, customers: int, events_each: int = 1, every: float = 0, ended: float = 60
    ) -> tuple[list[str], list[str]]:
        """New customers and their events, the newest customer first."""
        amount = {"customers": customers, "events_each": events_each, "name": self.name}
        subjects = self.run("customers", **amount)
        amount["customer_ids"] = subjects  # type: ignore[assignment]
        return subjects, self.run("events", every=every, ended=ended, **amount)

    def processed(self, customers: int, every: float, ended: float = 60) -> list[str]:
        _, ids = self.events(customers, 1, every, ended)
        self.run("published", event_ids=ids)
        self.run("processed", event_ids=ids)
        return ids

    def given_up(self, event_ids: list[str]) -> None:
        """No queue was bound for so long that their last try was spent."""
        told = {"event_ids": event_ids, "reason": returned(self.bank)}
        self.run("publish_failed", **told)
        self.run("attempts", **told, outcome="unroutable", tries=10)

    def letter(self, event_id: str | None, reason: str, body: bytes) -> str:
        queue = dead_letter_queue_name(self.bank.name)
        told = {"queue": queue, "reason": reason, "body": body, "properties": '{"headers": {}}'}
        (letter,) = self.run("letter", event_id=event_id, **told)
        return letter


def prepare(query: Query, healthy: Bank, faulty: Bank) -> Faults:
    """Give both banks a past."""
    faults = Faults()
    calm = Past(query, healthy, "Mira")
    faults.processed = calm.processed(150, every=23)
    troubled = Past(query, faulty, "Bert")
    troubled.processed(60, every=41, ended=900)
    _, faults.missed = troubled.events(MISSED, every=90, ended=7200)
    troubled.run("published", event_ids=faults.missed)
    _, faults.given_up = troubled.events(GIVEN_UP, every=20, ended=1500)
    troubled.given_up(faults.given_up)
    (faults.stuck_customer,), held = troubled.events(1, 1 + BEHIND, ended=1200)
    refused = {"event_ids": held, "reason": nacked(faulty)}
    troubled.run("pending", **refused)
    troubled.run("attempts", **refused, outcome="nacked", tries=3)
    faults.head = held[0]
    subjects, failed = troubled.events(3, every=10, ended=2400)
    troubled.run("published", event_ids=failed)
    troubled.run("failed", event_ids=failed)
    faults.matched_letters = [
        troubled.letter(each, "rejected", b'{"name": "Bert"}') for each in failed
    ]
    faults.unmatched_letters = [
        troubled.letter(None, "expired", body) for body in (b"no json <script>", b"\xff\xfe\x00")
    ]
    troubled.run("one_missing", customer_id=subjects[0])
    return faults


def observe(parts: Parts, *readers: tuple[Bank, int, int]) -> None:
    """Keep what the broker would say: each bank, what is ready in its queue, and its readers."""
    seen = [Figures(queue_name(bank.name), ready, 0, number) for bank, ready, number in readers]
    keep(parts.sweep_database, seen, 0)

"""What happens to the demo's customers: each arrives, is tagged, changes and sometimes leaves.

A customer's own steps run one after the other; many customers run side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random
from threading import Event, Lock
from uuid import uuid4

from local.banking.client import CallFailed
from local.banking.demo.api import TimedClient
from local.banking.demo.names import Portrait, other_risk, portrait

SIDE_BY_SIDE = 8


@dataclass(slots=True)
class Record:
    """What the API answered with 2xx: the events that must exist, and the customers that live."""

    customers: int
    events: Counter[str] = field(default_factory=Counter)
    living: dict[str, tuple[str, str]] = field(default_factory=dict)  # id → name, status
    finished: int = 0
    failures: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def committed(self, event_type: str) -> None:
        with self._lock:
            self.events[event_type] += 1

    def ended(self, failure: str | None = None) -> None:
        with self._lock:
            self.finished += 1
            if failure:
                self.failures.append(failure)


def live_through(api: TimedClient, random: Random, record: Record, stop: Event) -> None:
    """Run the stories of the record's customers; returns when all ended, or soon after `stop`."""
    randoms = [Random(random.getrandbits(64)) for _ in range(record.customers)]  # noqa: S311  # no secrets
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        stories = [pool.submit(_live, api, own, record, stop) for own in randoms]
        done, _ = wait(stories, return_when=FIRST_EXCEPTION)
        for story in done:
            story.result()


def _live(api: TimedClient, random: Random, record: Record, stop: Event) -> None:
    story = _Customer(api, random, record).story()
    try:
        while not stop.is_set():
            next(story)
    except StopIteration:
        record.ended()
    except CallFailed as exc:
        record.ended(str(exc))


class _Customer:
    def __init__(self, api: TimedClient, random: Random, record: Record) -> None:
        self._api = api
        self._random = random
        self._record = record
        self._portrait: Portrait = portrait(random)
        self._status = self._portrait.status
        self._id = ""

    def story(self) -> Iterator[None]:
        """The customer's life, one step at a time; chances are those of a lively week."""
        self._arrive()
        yield
        steps = (
            (1.00, self._be_tagged),
            (0.15, self._be_measured),
            (0.40, self._change_status),
            (0.20, self._change_risk),
            (0.15, self._change_status),
            (0.10, self._be_measured),
            (0.08, self._leave),
        )
        for chance, step in steps:
            if self._random.random() < chance:
                step()
                yield

    def _arrive(self) -> None:
        body = {"name": self._portrait.name, "status": self._status}
        once = {"Idempotency-Key": str(uuid4())}
        answer = self._api.ask("POST", "/customer/data", body, headers=once)
        self._id = answer["customer_id"]
        self._record.committed("customer_creation")
        self._remember()
        if self._random.random() < 0.05:  # as a client does whose first answer got lost
            again = self._api.ask("POST", "/customer/data", body, headers=once)
            if again != answer:
                raise CallFailed("POST /customer/data: the replay differs from the answer")

    def _be_tagged(self) -> None:
        tags = self._portrait.tags
        body = {
            "customer_id": self._id,
            "tag_keys": list(tags),
            "tag_values": list(tags.values()),
        }
        self._api.ask("POST", "/customer/tag", body)

    def _be_measured(self) -> None:
        self._api.ask("POST", "/customer/analytics", {"customer_id": self._id})

    def _change_status(self) -> None:
        self._status = "INACTIVE" if self._status == "ACTIVE" else "ACTIVE"
        body = {"customer_id": self._id, "status": self._status}
        self._api.ask("PATCH", "/customer/change-status", body)
        self._record.committed("customer_status_change")
        self._remember()

    def _change_risk(self) -> None:
        risk = other_risk(self._random, self._portrait.tags["risk_class"])
        body = {"customer_id": self._id, "tag_key": "risk_class", "new_tag_value": risk}
        self._api.ask("PATCH", "/customer/tag-value", body)

    def _leave(self) -> None:
        self._api.ask("DELETE", "/customer/data", {"customer_id": self._id})
        self._record.committed("customer_deletion")
        self._record.living.pop(self._id)

    def _remember(self) -> None:
        self._record.living[self._id] = (self._portrait.name, self._status)

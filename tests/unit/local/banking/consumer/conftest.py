"""What the consumer's unit tests share: events, a store, and a processor with a scripted API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from rich.console import Console

from local.banking.consumer.backoff import Backoff
from local.banking.consumer.confirmations import Confirmation
from local.banking.consumer.faults import Faults
from local.banking.consumer.inbox import Inbox
from local.banking.consumer.messages import Event
from local.banking.consumer.ordering import Delivery
from local.banking.consumer.processing import Outcome, ProcessingInterrupted, Processor
from local.banking.consumer.reporting import Reporter
from local.banking.consumer.view import CustomerView

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CUSTOMER = "0b6f5d4c-0000-4000-8000-000000000001"

MakeEvent = Callable[..., Event]


@pytest.fixture
def make_event() -> MakeEvent:
    def make(
        sequence: int = 1, event_type: str = "customer_creation", epoch: int = 1, **given: str
    ) -> Event:
        customer_id = given.pop("customer_id", CUSTOMER)
        name, status = given.pop("name", "Ann Example"), given.pop("status", "ACTIVE")
        return Event(
            str(uuid4()), event_type, customer_id, sequence, NOW, name, status, epoch=epoch
        )

    return make


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox.sqlite3", busy_seconds=0.05) as opened:
        yield opened


@dataclass
class ScriptedApi:
    """Takes every confirmation, save for the errors it was told to answer with first."""

    errors: list[Exception] = field(default_factory=list)
    taken: list[Confirmation] = field(default_factory=list)

    def confirm(self, confirmation: Confirmation) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(confirmation)

    @property
    def statuses(self) -> list[str]:
        return [confirmation.status for confirmation in self.taken]


@dataclass
class Bench:
    """A processor on a real store; waiting is only written down."""

    inbox: Inbox
    view: CustomerView | None = None
    api: ScriptedApi = field(default_factory=ScriptedApi)
    waited: list[float] = field(default_factory=list)
    told_to_stop: bool = False
    broker_lost: bool = False
    output: StringIO = field(default_factory=StringIO)

    def processor(self, *, acknowledge_receipt: bool = False, fail_rate: float = 0) -> Processor:
        random = Random(1)
        return Processor(
            self.inbox,
            self.api,
            Faults(random, fail_rate=fail_rate),
            Backoff(random),
            Reporter(Console(file=self.output, soft_wrap=True)),
            lambda: self.told_to_stop,
            acknowledge_receipt,
            self.view,
        )

    def process(self, event: Event, *, past_gap: bool = False, **options: float) -> Outcome:
        processor = self.processor(**options)  # type: ignore[arg-type]
        return processor.process(Delivery(1, event, NOW), self.pause, past_gap=past_gap)

    def pause(self, seconds: float) -> None:
        if self.broker_lost:
            raise ProcessingInterrupted("broker lost")
        self.waited.append(seconds)


@pytest.fixture
def bench(inbox: Inbox) -> Bench:
    return Bench(inbox)

"""The demo on the real system: it ends with books that balance, redelivery included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from fintegrate.messaging.management import Management
from local.banking.demo.stage import Choices, play_on
from local.banking.tenant_queues import remove_queues
from local.machine.checkout import ROOT
from local.services.databases import with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment


@pytest.fixture
def remove_bank(services: RunningServices) -> Iterator[StringIO]:
    """The demo's output; afterwards the queues of the bank that it names are removed."""
    output = StringIO()
    yield output
    name = output.getvalue().partition(" is onboarded")[0].split()[-1]
    remove_queues(services.urls.rabbitmq_url, [name])
    Management(services.urls.rabbitmq_management_url).delete_user(f"consumer-{name}")
    for file in (ROOT / ".local" / "consumers").glob(f"{name}.sqlite3*"):
        file.unlink()


@pytest.fixture
def environment(services: RunningServices, database_url: str) -> dict[str, str]:
    return settings_environment(services.urls, **with_users(services.urls, database_url))


def play(output: StringIO, choices: Choices, environment: dict[str, str]) -> str:
    """Play the demo to its end, which is good; returns what it printed."""
    status = play_on(Console(file=output, width=120), choices, environment)
    printed = output.getvalue()
    assert status == 0, printed
    assert "the consumer died mid-message" in printed
    assert re.search(r"recognised [1-9]\d* repeated deliver", printed)
    assert re.search(r"has [1-9]\d* customers; compared with the platform's rows: equal\n", printed)
    assert "everything adds up" in printed
    return printed


def test_demo_adds_up(environment: dict[str, str], remove_bank: StringIO) -> None:
    printed = play(remove_bank, Choices(40, deadline_seconds=60, seed=3), environment)
    assert "its queue is customer_notification_bank_" in printed


@pytest.mark.night_long
def test_called_bank_adds_up(environment: dict[str, str], remove_bank: StringIO) -> None:
    """The bank's server refuses one event, dies once, and all comes in order nevertheless."""
    choices = Choices(40, deadline_seconds=150, seed=3, delivery="webhook")
    patient = {**environment, "WEBHOOK_RETRY_SECONDS": "15"}  # so that the refusal is surely seen
    printed = play(remove_bank, choices, patient)
    assert "it is called at http://127.0.0.1:" in printed
    assert "its customer waits, and no other" in printed
    assert re.search(r"meanwhile [1-9]\d* later events of other customers came", printed)

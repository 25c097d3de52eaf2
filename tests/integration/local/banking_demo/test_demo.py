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


def test_demo_adds_up(services: RunningServices, database_url: str, remove_bank: StringIO) -> None:
    environment = settings_environment(services.urls, **with_users(services.urls, database_url))
    console = Console(file=remove_bank, width=120)
    status = play_on(console, Choices(40, deadline_seconds=60, seed=3), environment)
    output = remove_bank.getvalue()
    assert status == 0, output
    assert "the consumer died mid-message" in output
    assert re.search(r"recognised [1-9]\d* repeated deliver", output)
    assert re.search(r"has [1-9]\d* customers; compared with the platform's rows: equal\n", output)
    assert "everything adds up" in output

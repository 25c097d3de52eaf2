"""A bank is away for longer than the queue keeps messages. A rewind gives it every event in order."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from chalicelib.banking.events import rewind_worker
from chalicelib.banking.events.topology import queue_name
from local.services.running import RunningServices
from local.serving.server import Server, start_server
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.outbox import statuses
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = 40
APPLIED = "SELECT customer_id, sequence FROM seen_events WHERE outcome = 'processed' ORDER BY rowid"


@contextmanager
def short_memory(management_url: str, bank: Bank) -> Iterator[None]:
    """The operator's policy that lets the bank's messages expire after half a second."""
    here, queue = quote("/", safe=""), queue_name(bank.name)
    policy = f"{management_url}/api/policies/{here}/short_memory_{bank.name}"
    definition = {"pattern": f"^{queue}$", "definition": {"message-ttl": 500}}
    httpx.put(policy, json={**definition, "apply-to": "queues"}).raise_for_status()
    state = f"{management_url}/api/queues/{here}/{queue}"
    eventually(lambda: httpx.get(state).json().get("policy"), "the queue knows its policy")
    try:
        yield
    finally:
        httpx.delete(policy).raise_for_status()
        eventually(lambda: not httpx.get(state).json().get("policy"), "the policy is gone")


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Server]:
    """The API by HTTP, which the reference consumer confirms to."""
    with start_server({**environment, "SCHEDULER": "off"}) as server:
        yield server


def read_all(bank: Bank, server: Server, rabbitmq_url: str, store: Path) -> None:
    """Run the bank's program until its queue is empty."""
    command = [
        *(sys.executable, "-m", "local.banking.consumer", bank.name, "--store", str(store)),
        *("--retry-base", "0.02", "--stop-when-idle", "1.5"),
    ]
    settings = {"BASE_URL": server.base_url, "BROKER_URL": rabbitmq_url}
    environment = {**os.environ, **settings, "FINTEGRATE_API_KEY": bank.api.key or ""}
    subprocess.run(
        command, cwd=ROOT, env=environment, check=True, timeout=90, stdout=subprocess.DEVNULL
    )


@pytest.mark.night_long
def test_bank_catches_up_in_order(
    admin: Api,
    bank: Bank,
    server: Server,
    services: RunningServices,
    environment: dict[str, str],
    query: Query,
    rabbitmq_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rewind_worker, "MARGIN_SECONDS", 0)
    with short_memory(services.urls.rabbitmq_management_url, bank):
        customers = [bank.create_customer() for _ in range(CUSTOMERS)]

        def all_expired() -> bool:
            run_schedule("sweep_dead_letters")
            return statuses(query, bank.consumer_id, "deliver_status") == {"failed": CUSTOMERS}

        eventually(all_expired)
    for customer_id in customers:
        bank.api.patch("/customer/change-status", customer_id=customer_id, status="INACTIVE")

    reply = admin.post("/events/rewind", consumer_id=bank.consumer_id, reason="away for two days")

    assert reply.data["event_count"] == 2 * CUSTOMERS
    with parts_with(environment, PUBLISH_HANDOFF_SECONDS="1"):
        eventually(lambda: run_schedule("rewind")["done"])
    store = tmp_path / "bank.sqlite3"
    read_all(bank, server, rabbitmq_url, store)
    with closing(sqlite3.connect(store)) as database:
        applied = database.execute(APPLIED).fetchall()
    assert len(applied) == 2 * CUSTOMERS
    for customer_id in customers:
        assert [sequence for whose, sequence in applied if whose == customer_id] == [1, 2]
    assert statuses(query, bank.consumer_id, "deliver_status") == {"delivered": 2 * CUSTOMERS}
    assert admin.get("/events/reconcile").data["balanced"]

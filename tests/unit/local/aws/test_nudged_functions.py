"""Functions that nudges start: one run a batch, which ends in the function's time."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pika import BasicProperties

from app import app
from chalicelib.banking.configuration import Configuration
from chalicelib.banking.schedules import run_replay, run_webhooks
from chalicelib.banking.webhooks.book import LONGEST_SECONDS
from chalicelib.relay.schedules import run_deliver
from local.aws_shapes.queue_event import Message, queue_event

Template = dict[str, Any]
NUDGED = {
    "deliver_webhooks_nudged": run_webhooks,
    "relay_deliver_nudged": run_deliver,
    "replay_nudged": run_replay,
}


@pytest.mark.parametrize(("name", "module"), NUDGED.items())
def test_nudges_together_make_one_run(
    name: str, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: Counter[str] = Counter()

    def run(*_: object) -> Any:
        runs[name] += 1
        return SimpleNamespace(rows={})

    engine = SimpleNamespace(run=run)
    parts = SimpleNamespace(
        webhooks=lambda: engine,
        delivery=lambda: engine,
        metrics=SimpleNamespace(flush=lambda: None),
    )
    monkeypatch.setattr(module, "parts", lambda: parts)
    if module is run_replay:
        monkeypatch.setattr(module, "_work", lambda: run().rows)
    nudges = [Message(b"{}", BasicProperties(message_id=str(n)), False, n) for n in range(3)]

    app.handler_map[name](queue_event("nudges", "/", nudges), None)

    assert runs == {name: 1}


def test_event_source_hands_over_all(expanded: Template) -> None:
    batches = {
        resource["Properties"]["Queues"][0]: resource["Properties"].get("BatchSize", 100)
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    }

    queues = [
        function.func.__queue__
        for function in app.pure_lambda_functions
        if function.name in ("deliver_webhooks_nudged", "replay_nudged")
    ]

    assert len(queues) == 2
    for queue in queues:
        assert batches[queue.name] == queue.batch


@pytest.mark.parametrize("name", ["DeliverWebhooks", "DeliverWebhooksNudged"])
def test_run_ends_in_its_functions_time(expanded: Template, name: str) -> None:
    """Killed, it would leave calls that nobody writes back."""
    function = expanded["Resources"][name]["Properties"]
    (claims,) = (f.default for f in fields(Configuration) if f.name == "webhook_deliver_seconds")

    assert claims + LONGEST_SECONDS < function["Timeout"]

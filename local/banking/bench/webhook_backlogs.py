"""Measures how fast a bank that is called gets its backlog: by itself, and beside one that hangs."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from local.banking.bench.api import post_with
from local.banking.bench.backlog import write_pending
from local.banking.bench.called_banks import MOST, Calling, calling
from local.banking.bench.databases import BenchTemplate
from local.bench.bare_posts import seconds_side_by_side
from local.bench.figures import Figures
from local.bench.sizes import size

EVENTS, EVENTS_EACH = 50_000, 10
SECONDS = 10
LIVE_EVENTS = 200_000
HANGING_CUSTOMERS = 200
PATH, HANGING = "/after/20/processed", "/never/answers"


def webhook_backlog(template: BenchTemplate) -> Figures:
    """Events a second of one bank, and the same requests by bare threads before and after."""
    events = size("BENCH_WEBHOOK_EVENTS", EVENTS)
    with calling(template) as bench:
        body, tenant = bench.body(), bench.database.tenants[0]
        bench.call(tenant, PATH)
        raw = [_raw(bench, events // 5, body)]
        customers = events // EVENTS_EACH
        write_pending(bench.database.database_url, [tenant], customers, EVENTS_EACH)
        ours = events / bench.seconds_to_deliver(events)
        raw.append(_raw(bench, events // 5, body))
    floor = sum(raw) / len(raw)
    return {
        "webhook_backlog_per_s": ours,
        "webhook_backlog_raw_per_s": floor,
        "webhook_backlog_vs_raw": ours / floor,
    }


def webhook_beside(template: BenchTemplate) -> Figures:
    """A bank's rate alone, beside one whose server never answers, and alone again."""
    events, seconds = (
        size("BENCH_WEBHOOK_LIVE_EVENTS", LIVE_EVENTS),
        size("BENCH_WEBHOOK_SECONDS", SECONDS),
    )
    with calling(template) as bench:
        live, hanging = bench.database.tenants[:2]
        bench.call(live, PATH)
        bench.call(hanging, HANGING)
        url = bench.database.database_url
        write_pending(url, [live], events // EVENTS_EACH, EVENTS_EACH)
        alone = [_rate(bench, seconds)]
        write_pending(url, [hanging], HANGING_CUSTOMERS)
        beside = _rate(bench, 2 * seconds)
        hung = bench.receiver.seen().requests[HANGING]
        _deactivate(bench, hanging.consumer_id)
        alone.append(_rate(bench, seconds))
        if bench.receiver.seen().requests[PATH] >= events:
            raise RuntimeError("the live bank had no more events; give it more")
    best = sum(alone) / len(alone)
    return {
        "webhook_alone_per_s": best,
        "webhook_beside_per_s": beside,
        "webhook_beside_calls_that_hang": float(hung),
        "webhook_beside_vs_alone": beside / best,
    }


def _deactivate(bench: Calling, consumer_id: str) -> None:
    """Deactivate a bank, which is called no more."""
    post = post_with(bench.database.parts.settings.admin_api_key)
    post("/consumer/change-status", {"consumer_id": consumer_id, "status": "deactivated"})


def _raw(bench: Calling, requests: int, body: bytes) -> float:
    return requests / seconds_side_by_side(bench.receiver.port, PATH, requests, MOST, body)


def _rate(bench: Calling, seconds: int) -> float:
    """The live bank's calls a second, without the first and the last second of a run."""
    delivery = replace(bench.database.parts.webhooks(), seconds=seconds + 2)
    run = threading.Thread(target=delivery.run)
    run.start()
    time.sleep(1)
    began, before = time.monotonic(), bench.receiver.seen().requests[PATH]
    time.sleep(seconds)
    came = bench.receiver.seen().requests[PATH] - before
    passed = time.monotonic() - began
    run.join()
    return came / passed

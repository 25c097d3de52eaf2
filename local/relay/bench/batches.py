"""Measures batches of a thousand for Meta, against claim, encode, post and mark by bare code."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from typing import Any

import psycopg2
from cryptography.fernet import Fernet

from local.bench.bare_posts import post
from local.bench.figures import Figures
from local.bench.processors import microseconds_of, servers
from local.bench.timing import median, seconds_of
from local.relay.bench.api import ingested
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.ingest import RAW
from local.relay.bench.items import item
from local.relay.bench.sending import seconds_to_deliver

CODE = "bench"
EVENTS = 16_000
ROUNDS = 3
BATCH = 1_000
AT_ONCE = 4
PATH = "/v25.0/1234567890/events"
DUE_AGAIN = """
TRUNCATE event_deliveries, event_attempts;
INSERT INTO event_deliveries (event, lane_id)
SELECT e.id, l.lane_id FROM marketing_events e JOIN relay_lanes l USING (storefront_id)
"""


def meta(template: RelayTemplate) -> Figures:
    """Events per second through a lane of Meta and by bare code, in turns."""
    ours, raw = [], []
    with template.copy() as database:
        lane = database.meta(database.shop(CODE))
        for _ in range(EVENTS // BATCH):
            ingested([item(CODE) for _ in range(BATCH)])
        for number in range(ROUNDS + 1):
            _due_again(database)
            seconds = seconds_to_deliver(database, EVENTS)
            _due_again(database)
            raw_seconds = seconds_of(lambda: _raw(database, lane))
            if number:  # the first round warms up
                ours.append(EVENTS / seconds)
                raw.append(EVENTS / raw_seconds)
        expected = 2 * (ROUNDS + 1) * EVENTS
        if (events := database.receiver.seen().events) != expected:
            raise RuntimeError(f"{events} instead of {expected} events arrived")
        costs = _costs(template, database, lane)
    return {
        "relay_meta_per_s": median(ours),
        "relay_meta_raw_per_s": median(raw),
        "relay_meta_vs_raw": median(ours) / median(raw),
        **costs,
    }


def _costs(template: RelayTemplate, database: RelayDatabase, lane: int) -> Figures:
    """The processor time of an event, of this process and of PostgreSQL."""
    programs = servers(template.urls)
    figures: Figures = {}
    ways: dict[str, Callable[[], object]] = {
        "relay_meta": partial(seconds_to_deliver, database, EVENTS),
        "relay_meta_raw": partial(_raw, database, lane),
    }
    for name, way in ways.items():
        _due_again(database)
        spent = microseconds_of(way, programs, EVENTS)
        figures |= {f"{name}_{who}": cost for who, cost in spent.items() if who != "rabbitmq_us"}
    return figures


def _due_again(database: RelayDatabase) -> None:
    database.rows(DUE_AGAIN)
    database.rows("VACUUM (ANALYZE) event_deliveries")


def _raw(database: RelayDatabase, lane: int) -> None:
    """Claims four batches, encodes and posts them side by side, marks them; until nothing is due."""
    connection = psycopg2.connect(database.database_url)
    connection.autocommit = True
    cursor = connection.cursor()
    fernet = Fernet(next(iter(json.loads(os.environ["RELAY_KEYS"]).values())))
    ways = [HTTPConnection("127.0.0.1", database.receiver.port) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            own = {"lane": lane, "token": str(uuid.uuid4()), "most": AT_ONCE * BATCH}
            cursor.execute(RAW["claim"], own)
            rows = cursor.fetchall()
            if not rows:
                break
            parts = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
            list(pool.map(partial(_post, fernet), ways, parts))
            cursor.execute(RAW["mark"], {**own, "events": [row[0] for row in rows]})
    connection.close()


def _post(fernet: Fernet, way: HTTPConnection, rows: list[tuple[Any, ...]]) -> None:
    post(way, PATH, json.dumps({"data": [_encoded(fernet, *row) for row in rows]}).encode())


def _encoded(
    fernet: Fernet,
    _id: int,
    moment: Any,
    order_id: str,
    dedup_id: str,
    written: str,
    keys: Any,
    sealed: str,
) -> dict[str, Any]:
    payload, private = json.loads(written), json.loads(fernet.decrypt(sealed))["object"]
    contents = payload.get("contents", [])
    return {
        "event_name": "Purchase",
        "event_time": int(moment.timestamp()),
        "event_id": dedup_id,
        "action_source": "website",
        "event_source_url": private["url"],
        "user_data": {
            **{name: [keys[name]] for name in ("em", "ph", "fn", "ln", "country")},
            "client_ip_address": private["ip_address"],
            "client_user_agent": private["user_agent"],
            "fbp": private["fbp"],
        },
        "custom_data": {
            "currency": payload["currency"],
            "value": payload["value"],
            "order_id": order_id,
            "content_type": "product",
            "content_ids": [each["id"] for each in contents],
            "contents": contents,
            "num_items": sum(each.get("quantity", 1) for each in contents),
        },
    }

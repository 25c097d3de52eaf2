"""Runs the measurements on the checkout's servers and writes `.local/bench.json`.

A database and a consumer of its own; both are removed afterwards.
"""

from __future__ import annotations

import json
import os
import uuid

import pika
from rich.console import Console
from rich.table import Table

from local.checkout import Checkout
from local.environment import create_database, drop_database, ensure_services, settings_environment

DATABASE = "bench_fintegrate"
BARS = {
    "create_vs_floor": "≤ 1.6",
    "bcrypt_runs_of_a_verified_key": "0",
    "outage_create_vs_up": "≤ 1.0",
    "resend_per_s": "> 5000",
}


def run() -> int:
    """Measure, print a table, write the JSON."""
    with ensure_services() as services:
        url = create_database(services.urls, DATABASE)
        os.environ.update(
            settings_environment(
                services.urls,
                DATABASE_URL=url,
                LOG_LEVEL="WARNING",
                RATE_LIMIT_API_KEY_PER_MINUTE="6000000",
                RATE_LIMIT_API_KEY_BURST="1000000",
            )
        )
        try:
            figures = measure(url)
        finally:
            drop_database(services.urls, DATABASE)
    show(figures)
    (Checkout().state / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def measure(database_url: str) -> dict[str, float]:
    """Every figure, in the order in which they disturb each other least."""
    from chalicelib.events.topology import dead_letter_queue_name, queue_name
    from chalicelib.operations.migrate import apply_migrations
    from chalicelib.platform import platform
    from local.bench import measures
    from local.bench.api import call
    from local.bench.floor import RawCreate

    parts = platform()
    apply_migrations(parts.settings)
    admin, name = parts.settings.admin_api_key, f"bench_{uuid.uuid4().hex[:8]}"
    consumer_id = call(admin, "POST", "/consumer/data", {"consumer_name": name})["consumer_id"]
    key = call(admin, "POST", "/consumer/api-key", {"consumer_id": consumer_id})["api_key"]
    broker_url = parts.settings.rabbitmq_url
    try:
        with RawCreate(database_url, broker_url, consumer_id, name) as raw:
            measures.create_against_floor(key, raw, rounds=2)  # warm both
            figures = measures.create_against_floor(key, raw)
        figures |= measures.bcrypt_runs(key)
        figures |= measures.create_in_outage(key, parts, figures["create_ms"])
        measures.resend_backlog(parts, database_url, consumer_id)  # takes what the outage left
        figures |= measures.resend_backlog(parts, database_url, consumer_id)
    finally:
        parts.close()
        connection = pika.BlockingConnection(pika.URLParameters(broker_url))
        channel = connection.channel()
        channel.queue_delete(queue_name(name))
        channel.queue_delete(dead_letter_queue_name(name))
        connection.close()
    return figures


def show(figures: dict[str, float]) -> None:
    """The table."""
    table = Table("figure", "value", "bar", title="make bench")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}", BARS.get(name, ""))
    Console().print(table)

"""Measures one event a request at 64 connections, against the same requests by bare threads."""

from __future__ import annotations

from functools import partial

from local.bench.bare_posts import seconds_side_by_side
from local.bench.figures import Figures
from local.bench.processors import microseconds_of, servers
from local.bench.timing import median, seconds_of
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.events import write_pending

EVENTS = 6_400
LANES = 4
"""Of 16 connections each."""
CONNECTIONS = 64
ROUNDS = 3
PATH = "/after/20/hook"
BODY = b'{"data":' + b" " * 590 + b"}"
"""As long as an event of this measurement is."""


def one_each(template: RelayTemplate) -> Figures:
    """Requests per second through the lanes and by bare threads without a database, in turns."""
    ours, raw = [], []
    with template.copy() as database:
        lanes = webhook_lanes(database, LANES, PATH)
        write_pending(database, lanes, 100)
        seconds_to_deliver(database, 100 * LANES)  # opens the connections
        for _ in range(ROUNDS):
            write_pending(database, lanes, EVENTS // LANES)
            ours.append(EVENTS / seconds_to_deliver(database, EVENTS))
            raw.append(EVENTS / raw_seconds(database.receiver.port, PATH, EVENTS))
        write_pending(database, lanes, EVENTS // LANES)
        costs = microseconds_of(
            partial(seconds_to_deliver, database, EVENTS), servers(template.urls), EVENTS
        )
        raw_cost = microseconds_of(
            partial(raw_seconds, database.receiver.port, PATH, EVENTS), {}, EVENTS
        )
    return {
        "relay_send_per_s": median(ours),
        "relay_send_raw_per_s": median(raw),
        "relay_send_vs_raw": median(ours) / median(raw),
        **{f"relay_send_{name}": cost for name, cost in costs.items()},
        "relay_send_raw_client_us": raw_cost["client_us"],
    }


def webhook_lanes(database: RelayDatabase, count: int, path: str, code: str = "shop") -> list[int]:
    """So many shops with a webhook each at the receiver."""
    return [
        database.webhook(database.shop(f"{code}-{n}"), database.receiver.url(f"{path}-{n}"))
        for n in range(count)
    ]


def seconds_to_deliver(database: RelayDatabase, events: int) -> float:
    """The time that a run takes for this many due deliveries.

    Raises:
        RuntimeError: a different number was delivered, so the measurement would be wrong.
    """
    delivered: dict[str, int] = {}

    def run() -> None:
        delivered.update(database.parts.delivery().run().rows)

    seconds = seconds_of(run)
    if delivered != {"delivered": events}:
        raise RuntimeError(f"of {events} events: {delivered}")
    return seconds


def raw_seconds(port: int, path: str, events: int) -> float:
    """The time that 64 threads with a kept connection each take for this many requests."""
    return seconds_side_by_side(port, path, events, CONNECTIONS, BODY)

"""Runs the relay's comparison and prints it: the same rows, the same receiver, one after the other."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from local.bench.peers.contestants import Contestant
from local.bench.peers.stopwatch import Result
from local.machine.tables import print_table
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.events import write_pending
from local.relay.bench.sending import CONNECTIONS, PATH, raw_seconds, webhook_lanes
from local.services.urls import ServiceUrls

FOLDER = Path(__file__).parent
ROUNDS = 3
SECONDS, HANGING_SECONDS = 5.0, 25.0
EVENTS, LANES = 8_000, 4
OURS, TEAM = "Fintegrate relay", "FastAPI, SQLAlchemy, httpx"
Figures = dict[str, float | str]


def compare(urls: ServiceUrls, peers_python: str, console: Console) -> dict[str, list[Figures]]:
    """Measure ingest and delivery, and print a table of each; the figures of each contestant."""
    measured: dict[str, list[Figures]] = {}
    with RelayTemplate(urls) as template:
        for name, measure in _COMPARISONS.items():
            measured[f"relay_{name}"] = figures = measure(template, peers_python)
            _show(name, figures, console)
    return measured


def _show(name: str, figures: Sequence[Figures], console: Console) -> None:
    rows = [
        [
            str(each["name"]),
            f"{each['events_per_s']:,.0f}",
            f"{each['cpu_ms_per_event']:.2f}",
            f"{each['repeated']:,}",
        ]
        for each in figures
    ]
    headings = ["relay", "events/s", "CPU ms", "twice"]
    print_table(console, f"relay: {name.replace('_', ' ')}", headings, rows)


def _ingests(template: RelayTemplate, peers_python: str, batch: int) -> list[Figures]:
    """Batches to a shop with three destinations."""
    contestants = [
        Contestant(OURS, FOLDER / "ingest_ours.py", batch=batch),
        Contestant(TEAM, FOLDER / "ingest_team.py", peers_python, batch=batch),
    ]
    results: dict[str, list[Result]] = {each.name: [] for each in contestants}
    for _ in range(ROUNDS):
        for each in contestants:
            with template.copy() as database:
                shop = database.shop("bench")
                database.webhook(shop, database.receiver.url(PATH))
                database.meta(shop)
                database.ga4(shop)
                result = each.run(os.environ, SECONDS)
                _check_rows(database, result.events + batch)  # with the first, which warms up
                results[each.name].append(result)
    return [_figures(name, found) for name, found in results.items()]


def _check_rows(database: RelayDatabase, events: int) -> None:
    ((wrote, deliveries),) = database.rows(
        "SELECT (SELECT count(*) FROM marketing_events), (SELECT count(*) FROM event_deliveries)"
    )
    if (wrote, deliveries) != (events, 3 * events):
        raise RuntimeError(f"{events} events gave {wrote} rows and {deliveries} deliveries")


def _deliveries(template: RelayTemplate, peers_python: str) -> list[Figures]:
    """A backlog for four webhooks that take 20 ms, one event a request."""
    results: dict[str, list[Result]] = {each.name: [] for each in _deliverers(peers_python)}
    repeated = dict.fromkeys(results, 0)
    bare: list[Result] = []
    for _ in range(ROUNDS):
        for each in _deliverers(peers_python):
            with template.copy() as database:
                write_pending(database, webhook_lanes(database, LANES, PATH), EVENTS // LANES)
                results[each.name].append(each.run(os.environ, SECONDS))
                came = database.receiver.seen()
                repeated[each.name] += came.requests.total() - len(came.arrived)
        seconds = raw_seconds(template.receiver.port, PATH, EVENTS)
        bare.append(Result(EVENTS, seconds, 0.0))
    both = [_figures(name, found, repeated[name]) for name, found in results.items()]
    return [_figures("bare threads: the ceiling", bare), *both]


def _one_hangs(template: RelayTemplate, peers_python: str) -> list[Figures]:
    """The same, and a fifth webhook never answers: how fast the four get their events."""
    figures = []
    for each in _deliverers(peers_python):
        with template.copy() as database:
            hanging = webhook_lanes(database, 1, "/never/hook", "hanging")
            live = webhook_lanes(database, LANES, PATH)
            write_pending(database, hanging + live, EVENTS // LANES)
            result = each.run(os.environ, HANGING_SECONDS)
            moments = _arrivals(database, live)
            spent = max(moments) - min(moments) if moments else HANGING_SECONDS
            figures.append(_figures(each.name, [Result(len(moments), spent, result.cpu_seconds)]))
    return figures


def _deliverers(peers_python: str) -> list[Contestant]:
    return [
        Contestant(OURS, FOLDER / "deliver_ours.py", workers=CONNECTIONS),
        Contestant(TEAM, FOLDER / "deliver_team.py", peers_python, workers=CONNECTIONS),
    ]


def _arrivals(database: RelayDatabase, lanes: Sequence[int]) -> list[float]:
    """When each event came that was for these lanes."""
    wanted = "SELECT event FROM event_deliveries WHERE lane_id = ANY (%(lanes)s)"
    arrived = database.receiver.seen().arrived
    events = (event for (event,) in database.rows(wanted, lanes=list(lanes)))
    return [arrived[event] for event in events if event in arrived]


def _figures(name: str, results: Sequence[Result], repeated: int = 0) -> Figures:
    return {
        "name": name,
        "events_per_s": statistics.median(each.events / each.seconds for each in results),
        "cpu_ms_per_event": statistics.median(
            1000 * each.cpu_seconds / max(1, each.events) for each in results
        ),
        "repeated": repeated,
    }


_COMPARISONS: Mapping[str, Callable[[RelayTemplate, str], list[Figures]]] = {
    "ingest": partial(_ingests, batch=1_000),
    "ingest_one": partial(_ingests, batch=1),
    "deliveries": _deliveries,
    "deliveries_one_hangs": _one_hangs,
}

"""The demo's stage: brings up servers, platforms and relay, plays, and takes all down again."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random
from threading import Thread
from urllib.parse import urlsplit

from rich.console import Console

from local.machine.checkout import ROOT
from local.relay.calls import Platforms
from local.relay.demo.book import Book
from local.relay.demo.display import Display
from local.relay.demo.ledger import LaneBalance, balances, discrepancies
from local.relay.demo.processes import RelayProcess
from local.relay.demo.script import Record, Script
from local.relay.demo.shops import open_shops
from local.relay.demo.summary import print_lanes
from local.relay.platforms_server import platforms_command, settings_naming
from local.services.databases import address_of, create_database, drop_database, with_users
from local.services.installation import Installation, migrate
from local.serving import playing
from local.serving.calls import CallFailed
from local.serving.playing import WrongChoice, number
from local.serving.server import start_server

DATABASE, SETTING, OMS = "relay_demo", "RELAY_DATABASE_URL", "RELAY_OMS_DATABASE_URL"
LOG = ROOT / ".local" / "log" / "accompanying.log"
MOST = 100_000
_POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen.

    Attributes:
        orders: each has two to four events
        seconds: how long they arrive
        short: platforms fail for a few requests, not for seconds
    """

    orders: int = 300
    seconds: float = 25.0
    deadline_seconds: float = 150.0
    short: bool = False
    seed: int | None = None


def read_choices(environment: Mapping[str, str]) -> Choices:
    """`RELAY_DEMO_ORDERS` (300) and `RELAY_DEMO_SEED`.

    Raises:
        WrongChoice: one of them is no such number
    """
    orders = number(environment, "RELAY_DEMO_ORDERS", 300, MOST)
    seeded = bool(environment.get("RELAY_DEMO_SEED"))
    seed = number(environment, "RELAY_DEMO_SEED", 1, MOST) if seeded else None
    seconds = max(25.0, orders / 20)
    return Choices(orders, seconds, 125 + seconds, seed=seed)


def play() -> int:
    """Play the demo on the terminal; returns its exit status."""
    return playing.play(read_choices, _play_on_own_database, CallFailed)


def _play_on_own_database(console: Console, choices: Choices, installation: Installation) -> int:
    urls = installation.services.urls
    if installation.services.external:
        raise WrongChoice(
            "the demo makes a database of its own, so it needs servers of this checkout"
        )
    url = create_database(urls, DATABASE)
    try:
        users = with_users(urls, url, SETTING)
        environment = {**installation.environment, **users, "SYSTEM": "relay"}
        migrate(installation.checkout, environment)
        return play_on(console, choices, environment)
    finally:
        drop_database(urls, DATABASE)


def play_on(console: Console, choices: Choices, environment: Mapping[str, str]) -> int:
    """Serve the relay and the platforms, and play; returns the exit status.

    Args:
        environment: names the relay's database, which is empty and migrated

    Raises:
        CallFailed: the shops cannot be opened
        ServerNotStarted: nothing serves
    """
    with start_server(dict(os.environ), command=platforms_command) as server:
        environment = {**environment, **settings_naming(server.base_url, environment)}
        with (
            closing(Platforms(server.base_url)) as platforms,
            closing(Book(environment[SETTING])) as book,
            RelayProcess(environment) as relay,
        ):
            return _play(console, choices, environment, relay, platforms, book)


def _play(
    console: Console,
    choices: Choices,
    environment: Mapping[str, str],
    relay: RelayProcess,
    platforms: Platforms,
    book: Book,
) -> int:
    destinations = open_shops(relay.admin, platforms)
    record = Record(choices.orders)
    started = time.monotonic()
    with Display(console, destinations) as display:
        display.remark(
            f"three shops are open, each with seven destinations: {len(destinations)} lanes"
        )
        script = Script(
            relay=relay,
            platforms=platforms,
            destinations=destinations,
            oms_url=_oms_url(environment),
            record=record,
            say=display.remark,
            # Invented orders need no unguessable numbers.
            random=Random(choices.seed),  # noqa: S311
            seconds=choices.seconds,
            short=choices.short,
            book=book,
        )
        _watch(script, display, started + choices.deadline_seconds)
    books = book.close_books()
    lanes = balances(destinations, books, platforms.seen())
    print_lanes(console, lanes)
    _print_figures(console, record, lanes, time.monotonic() - started)
    return _close(console, discrepancies(record, books, lanes))


def _oms_url(environment: Mapping[str, str]) -> str:
    """The database as the order system's own user."""
    return address_of(environment[OMS], urlsplit(environment[SETTING]).path.lstrip("/"))


def _watch(script: Script, display: Display, deadline: float) -> None:
    """Show how far all is until nothing more is to come."""
    thread = Thread(target=script.play, name="script")
    thread.start()
    try:
        while time.monotonic() < deadline:
            played = script.done.is_set()
            waiting = script.book.waiting_rows()
            lanes = script.book.lanes()
            settled = all(lane.events == lane.ended for lane in lanes.values())
            over = played and settled and not waiting
            display.show(lanes, last=over)
            if over:
                return
            time.sleep(_POLL_SECONDS)
    finally:
        script.stop.set()
        thread.join()


def _print_figures(
    console: Console, record: Record, lanes: Sequence[LaneBalance], seconds: float
) -> None:
    deliveries = sum(lane.events for lane in lanes)
    console.print(
        f"{record.accepted} events in batches, {record.inserted} in rows and {record.repeated} rows"
        f" that came twice; {deliveries} deliveries in {seconds:.0f} s",
        highlight=False,
        soft_wrap=True,
    )


def _close(console: Console, problems: Sequence[str]) -> int:
    steps = (
        (f"less {LOG.relative_to(ROOT)}", "what the functions said"),
        ("RELAY_DEMO_ORDERS=2000 make relay-demo", "more of it"),
        ("make local", "the relay and the platforms, to call them yourself"),
    )
    praise = "what the platforms counted is what was delivered"
    return playing.close(console, problems, praise, steps)

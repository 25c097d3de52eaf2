"""The demo's stage: brings up services, API, bank and consumer, plays, and takes all down again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from rich.console import Console

from local.banking.client import CallFailed, Client, Tenant, give_broker_access, onboard
from local.banking.consumer.view import view_beside
from local.banking.demo.api import TimedClient
from local.banking.demo.bank import ConsumerKeepsEnding, ConsumerProcess, read_view, store_of
from local.banking.demo.ledger import differing, discrepancies, event_facts, read_store
from local.banking.demo.names import bank_name
from local.banking.demo.performance import BARS, Performance
from local.banking.demo.story import Record
from local.banking.demo.summary import print_calls, print_events, print_figures, print_view
from local.machine.checkout import ROOT
from local.services.installation import Installation
from local.serving import playing
from local.serving.bars import Bars
from local.serving.playing import number
from local.serving.server import start_server

LOG = ROOT / ".local" / "log" / "demo-consumer.log"
_EVENTS_PER_CUSTOMER = 1.6  # of the stories' chances; only to die about half-way

_SETTINGS = {
    "SYSTEM": "banking",
    "RATE_LIMIT_IP_PER_MINUTE": "1000000",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "1000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen through the environment."""

    customers: int
    deadline_seconds: float
    seed: int | None


def read_choices(environment: Mapping[str, str]) -> Choices:
    """`DEMO_CUSTOMERS` (300), `DEMO_DEADLINE_SECONDS` and `DEMO_SEED`.

    Raises:
        WrongChoice: one of them is no such number
    """
    customers = number(environment, "DEMO_CUSTOMERS", 300)
    deadline = number(environment, "DEMO_DEADLINE_SECONDS", max(120, customers // 2))
    seed = number(environment, "DEMO_SEED", 0) if environment.get("DEMO_SEED") else None
    return Choices(customers, deadline, seed)


def play() -> int:
    """Play the demo on the terminal; returns its exit status."""
    return playing.play(read_choices, _play_on_installed, CallFailed)


def _play_on_installed(console: Console, choices: Choices, installation: Installation) -> int:
    try:
        return play_on(console, choices, installation.environment)
    except ConsumerKeepsEnding as error:
        console.print(f"{error}; see {LOG.relative_to(ROOT)}", style="red", markup=False)
        return 1


def play_on(console: Console, choices: Choices, environment: Mapping[str, str]) -> int:
    """Serve banking with `environment`, its limits raised, and play; returns the exit status.

    Raises:
        CallFailed: the bank cannot be onboarded
        ServerNotStarted: nothing serves
    """
    environment = {**environment, **_SETTINGS}
    with start_server(environment) as server:
        return _play(console, choices, {**environment, "BASE_URL": server.base_url})


def _play(console: Console, choices: Choices, environment: Mapping[str, str]) -> int:
    # Invented customers need no unguessable numbers.
    random = Random(choices.seed)  # noqa: S311
    name = bank_name(Random())  # noqa: S311  # new in every demo, also with a seed
    base_url = environment["BASE_URL"]
    record = Record(choices.customers)
    with Client(base_url, environment["ADMIN_API_KEY"]) as admin:
        bank = onboard(admin.post, name)
        access = give_broker_access(admin.post, bank.consumer_id)
    with (
        TimedClient(base_url, bank.key) as api,
        TimedClient(base_url, bank.key) as watching,
        ConsumerProcess(bank, {**environment, **access}, LOG) as consumer,
        Bars(console, BARS) as display,
    ):
        good_until = watching.ask("GET", "/consumer/api-key")["expires_at"][:10]
        display.remark(
            f"{bank.name} is onboarded: its queue is customer_notification_{bank.name},"
            f" its key is good until {good_until}"
        )
        consumer.start("--die-after", str(_half_of_the_events(choices.customers)))
        performance = Performance(api, watching, consumer, display, record)
        started = time.monotonic()
        performance.run(random, started + choices.deadline_seconds)
        seconds = time.monotonic() - started
        consumer.stop()
        restarts = consumer.restarts
        events = event_facts(watching.read_all("/events/list", "events"))
        rows = list(watching.read_all("/customer/list", "customers"))
    store = read_store(store_of(bank))
    print_calls(console, api.calls)
    print_events(console, events)
    print_figures(console, events, store, restarts, seconds)
    view = read_view(bank)
    differences = list(differing(view, rows))
    print_view(console, view, is_equal=not differences)
    problems = [*discrepancies(record, events, store), *differences]
    return _close(console, bank, problems)


def _half_of_the_events(customers: int) -> int:
    return max(1, int(customers * _EVENTS_PER_CUSTOMER / 2))


def _close(console: Console, bank: Tenant, problems: Sequence[str]) -> int:
    steps = (
        (f"less {LOG.relative_to(ROOT)}", "what the consumer said, the redelivery included"),
        (f"sqlite3 {store_of(bank).relative_to(ROOT)} .dump", "what it stored"),
        (f"sqlite3 {view_beside(store_of(bank)).relative_to(ROOT)} .dump", "its view"),
        ("DEMO_CUSTOMERS=2000 make demo", "more of it"),
        ("make local", "the same API, to call it yourself"),
    )
    praise = "each event committed, published and confirmed"
    return playing.close(console, problems, praise, steps)

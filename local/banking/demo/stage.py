"""The demo's stage: brings up services, API, bank and consumer, plays, and takes all down again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from rich.console import Console

from local.banking.client import CallFailed, Client, Tenant, onboard
from local.banking.consumer.view import view_beside
from local.banking.demo.api import Call, TimedClient
from local.banking.demo.bank import ConsumerKeepsEnding, ConsumerProcess, read_view, store_of
from local.banking.demo.deliveries import (
    QUEUE,
    WEBHOOK,
    CalledProgress,
    ChosenDelivery,
    NoProgress,
    Progress,
    await_bank,
    prepare,
)
from local.banking.demo.ledger import (
    EventFacts,
    differing,
    discrepancies,
    event_facts,
    overtakers,
    read_store,
)
from local.banking.demo.names import bank_name
from local.banking.demo.performance import BARS, Performance
from local.banking.demo.story import Record
from local.banking.demo.summary import (
    print_calls,
    print_events,
    print_figures,
    print_refusal,
    print_view,
)
from local.banking.webhook_addresses import settings_allowing
from local.machine.checkout import ROOT, Checkout
from local.services.installation import Installation
from local.serving import playing
from local.serving.bars import Bars
from local.serving.playing import WrongChoice, number
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
    delivery: str = QUEUE


@dataclass(frozen=True, slots=True)
class Played:
    """What a play leaves to be summed up; `refused` is the event that the bank refused, if it did."""

    record: Record
    calls: list[Call]
    events: list[EventFacts]
    rows: list[dict[str, Any]]
    restarts: int
    seconds: float
    refused: str | None


def read_choices(environment: Mapping[str, str]) -> Choices:
    """`DEMO_CUSTOMERS` (300), `DEMO_DEADLINE_SECONDS`, `DEMO_SEED` and `DELIVERY` (queue).

    Raises:
        WrongChoice: one of them is no such number, or no kind of delivery
    """
    delivery = environment.get("DELIVERY") or QUEUE
    if delivery not in {QUEUE, WEBHOOK}:
        raise WrongChoice(f"DELIVERY must be {QUEUE} or {WEBHOOK}, got {delivery!r}")
    customers = number(environment, "DEMO_CUSTOMERS", 300)
    deadline = number(environment, "DEMO_DEADLINE_SECONDS", max(180, customers // 2))
    seed = number(environment, "DEMO_SEED", 0) if environment.get("DEMO_SEED") else None
    return Choices(customers, deadline, seed, delivery)


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
    allowing = settings_allowing(Checkout(), environment)
    environment = {**environment, **allowing, **_SETTINGS}
    with start_server(environment) as server:
        return _play(console, choices, {**environment, "BASE_URL": server.base_url})


def _play(console: Console, choices: Choices, environment: Mapping[str, str]) -> int:
    name = bank_name(Random())  # noqa: S311  # new in every demo, also with a seed
    with Client(environment["BASE_URL"], environment["ADMIN_API_KEY"]) as admin:
        bank = onboard(admin.post, name)
        events = int(choices.customers * _EVENTS_PER_CUSTOMER)
        chosen = prepare(choices.delivery, admin, bank, events)
        played = _perform(console, choices, environment, admin, bank, chosen)
    return _sum_up(console, bank, played)


def _perform(
    console: Console,
    choices: Choices,
    environment: Mapping[str, str],
    admin: Client,
    bank: Tenant,
    chosen: ChosenDelivery,
) -> Played:
    base_url, record = environment["BASE_URL"], Record(choices.customers)
    # Invented customers need no unguessable numbers.
    random = Random(choices.seed)  # noqa: S311
    with (
        TimedClient(base_url, bank.key) as api,
        TimedClient(base_url, bank.key) as watching,
        ConsumerProcess(
            bank, {**environment, **chosen.environment}, LOG, chosen.options
        ) as consumer,
        Bars(console, BARS) as display,
    ):
        good_until = watching.ask("GET", "/consumer/api-key")["expires_at"][:10]
        display.remark(
            f"{bank.name} is onboarded: {chosen.words}, its key is good until {good_until}"
        )
        consumer.start(*chosen.mishaps)
        progress = _progress(chosen, admin, watching, bank)
        started = time.monotonic()
        Performance(api, watching, consumer, display, record, progress).run(
            random, started + choices.deadline_seconds
        )
        seconds = time.monotonic() - started
        consumer.stop()
        events = event_facts(watching.read_all("/events/list", "events"))
        rows = list(watching.read_all("/customer/list", "customers"))
    return Played(record, api.calls, events, rows, consumer.restarts, seconds, _refused(progress))


def _progress(
    chosen: ChosenDelivery, admin: Client, watching: TimedClient, bank: Tenant
) -> Progress:
    if chosen.delivery == QUEUE:
        return NoProgress()
    await_bank(admin, bank)
    return CalledProgress(watching, bank)


def _refused(progress: Progress) -> str | None:
    return progress.refused if isinstance(progress, CalledProgress) else None


def _sum_up(console: Console, bank: Tenant, played: Played) -> int:
    store, view = read_store(store_of(bank)), read_view(bank)
    print_calls(console, played.calls)
    print_events(console, played.events)
    print_figures(console, played.events, store, played.restarts, played.seconds)
    if played.refused is not None:
        print_refusal(console, overtakers(store_of(bank), played.refused))
    differences = list(differing(view, played.rows))
    print_view(console, view, is_equal=not differences)
    problems = [*discrepancies(played.record, played.events, store), *differences]
    return _close(console, bank, problems)


def _close(console: Console, bank: Tenant, problems: Sequence[str]) -> int:
    steps = (
        (f"less {LOG.relative_to(ROOT)}", "what the consumer said, the redelivery included"),
        (f"sqlite3 {store_of(bank).relative_to(ROOT)} .dump", "what it stored"),
        (f"sqlite3 {view_beside(store_of(bank)).relative_to(ROOT)} .dump", "its view"),
        ("DEMO_CUSTOMERS=2000 make demo", "more of it"),
        ("make demo DELIVERY=webhook", "a bank that is called instead"),
        ("make local", "the same API, to call it yourself"),
    )
    praise = "each event committed, published and confirmed"
    return playing.close(console, problems, praise, steps)

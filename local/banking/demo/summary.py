"""The closing tables: calls by kind, events by type, and what the bank saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console

from local.banking.demo.api import Call
from local.banking.demo.ledger import EventFacts, Store, tally
from local.bench.percentiles import p50_p99
from local.machine.tables import print_table

_ROWS = (
    ("committed", "committed"),
    ("  published", "published"),
    ("  pending", "pending"),
    ("  failed", "failed"),
    ("published", "published"),
    ("  delivered", "delivered"),
    ("  undelivered", "undelivered"),
    ("  delivery failed", "delivery_failed"),
)


def print_calls(console: Console, calls: Iterable[Call]) -> None:
    """Every kind of call that changed something: how many, how they ended, how long they took."""
    kinds = defaultdict[str, list[Call]](list)
    for call in calls:
        if not call.kind.startswith("GET "):
            kinds[call.kind].append(call)
    rows = []
    for kind, made in sorted(kinds.items()):
        ok = sum(call.succeeded for call in made)
        seconds = [call.seconds for call in made]
        rows.append([kind, str(ok), str(len(made) - ok), *_milliseconds(seconds)])
    headings = ["calls", "ok", "failed", "p50 ms", "p99 ms"]
    print_table(console, "What the bank asked for", headings, rows)


def print_events(console: Console, events: list[EventFacts]) -> None:
    """Where the events stand, by type and in all; each sum stands above its parts."""
    kinds = sorted({event.event_type for event in events})
    tallies = [tally(event for event in events if event.event_type == kind) for kind in kinds]
    headings = ["events", *(kind.removeprefix("customer_") for kind in kinds), "all"]
    rows = [
        [words, *(str(getattr(each, field)) for each in (*tallies, tally(events)))]
        for words, field in _ROWS
    ]
    print_table(console, "What became of it", headings, rows)


def print_figures(
    console: Console, events: list[EventFacts], store: Store, restarts: int, seconds: float
) -> None:
    """Latencies, rates and repeats."""
    publish = [e.seconds_to_publish for e in events if e.seconds_to_publish is not None]
    confirm = [e.seconds_to_confirm for e in events if e.seconds_to_confirm is not None]
    rows = [
        ["committed to published", *_milliseconds(publish)],
        ["committed to confirmed by the bank", *_milliseconds(confirm)],
    ]
    print_table(console, "How long it took", ["", "p50 ms", "p99 ms"], rows)
    console.print(
        f"{len(events)} events in {seconds:.1f} s ({len(events) / seconds:.0f}/s);"
        f" the consumer was restarted {restarts} time{'' if restarts == 1 else 's'}"
        f" and recognised {store.repeats} repeated deliver{'y' if store.repeats == 1 else 'ies'}",
        highlight=False,
        soft_wrap=True,
    )


def print_refusal(console: Console, overtakers: int) -> None:
    """What it cost that the bank refused one event."""
    console.print(
        f"the event that the bank refused came again in its customer's order;"
        f" meanwhile {overtakers} later events of other customers came",
        highlight=False,
        soft_wrap=True,
    )


def print_view(console: Console, view: Mapping[str, tuple[str, str]], *, is_equal: bool) -> None:
    """Whether the bank's view of its customers is what the platform has."""
    words = "equal" if is_equal else "different"
    console.print(
        f"the bank's view, built from events alone, has {len(view)} customers;"
        f" compared with the platform's rows: {words}",
        highlight=False,
        soft_wrap=True,
    )


def _milliseconds(seconds: Sequence[float]) -> tuple[str, str]:
    p50, p99 = p50_p99(seconds)
    return f"{p50 * 1000:.1f}", f"{p99 * 1000:.1f}"

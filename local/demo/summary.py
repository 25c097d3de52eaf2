"""The closing tables: calls by kind, events by type, and what the bank saw."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from local.demo.api import Call
from local.demo.ledger import EventFacts, Store, tally


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of ``values`` do not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[rank - 1] if ordered else 0.0


def print_calls(console: Console, calls: Iterable[Call]) -> None:
    """Every kind of call that changed something: how many, how they ended, how long they took."""
    kinds = defaultdict[str, list[Call]](list)
    for call in calls:
        if not call.kind.startswith("GET "):
            kinds[call.kind].append(call)
    table = _table("calls", "ok", "failed", "p50 ms", "p99 ms", title="What the bank asked for")
    for kind, made in sorted(kinds.items()):
        ok = sum(call.succeeded for call in made)
        seconds = [call.seconds for call in made]
        table.add_row(kind, str(ok), str(len(made) - ok), *_p50_p99(seconds))
    console.print(table)


def print_events(console: Console, events: list[EventFacts]) -> None:
    """Every type of event and their sum: where they stand."""
    columns = ("committed", "published", "pending", "failed")
    more = ("delivered", "undelivered", "deliv. failed")
    table = _table("events", *columns, *more, title="What became of it")
    for kind in sorted({event.event_type for event in events}):
        table.add_row(kind, *_standing([event for event in events if event.event_type == kind]))
    table.add_section()
    table.add_row("all", *_standing(events), style="bold")
    console.print(table)


def print_figures(
    console: Console, events: list[EventFacts], store: Store, restarts: int, seconds: float
) -> None:
    """Latencies, rates and repeats."""
    table = _table("", "p50 ms", "p99 ms", title="How long it took")
    publish = [e.seconds_to_publish for e in events if e.seconds_to_publish is not None]
    confirm = [e.seconds_to_confirm for e in events if e.seconds_to_confirm is not None]
    table.add_row("committed to published", *_p50_p99(publish))
    table.add_row("committed to confirmed by the bank", *_p50_p99(confirm))
    console.print(table)
    console.print(
        f"{len(events)} events in {seconds:.1f} s ({len(events) / seconds:.0f}/s);"
        f" the consumer was restarted {restarts} time{'' if restarts == 1 else 's'}"
        f" and recognised {store.repeats} repeated deliver{'y' if store.repeats == 1 else 'ies'}",
        highlight=False,
        soft_wrap=True,
    )


def _standing(events: list[EventFacts]) -> list[str]:
    now = tally(events)
    return [
        str(number)
        for number in (
            now.committed,
            now.published,
            now.pending,
            now.failed,
            now.delivered,
            now.undelivered,
            now.delivery_failed,
        )
    ]


def _p50_p99(seconds: Sequence[float]) -> tuple[str, str]:
    return f"{percentile(seconds, 50) * 1000:.1f}", f"{percentile(seconds, 99) * 1000:.1f}"


def _table(first: str, *numbers: str, title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right")
    return table

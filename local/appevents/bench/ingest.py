"""Measures what it costs to take events in: one, a hundred, and one while the broker is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from local.appevents.bench.databases import AppDatabases, AppTemplate
from local.appevents.bench.floor import RawIngest
from local.appevents.bench.user import BATCH, EVENTS, User, note
from local.bench.broker_outage import broker_away
from local.bench.figures import Figures
from local.bench.processors import costs
from local.bench.timing import TURN, each_in_turns, median, timed

SINGLES, COUNTED = 1_000, 200
"""How many there are; the processor time is taken of some of them."""
SIZE, BATCHES, COUNTED_BATCHES = 100, 50, 10
OUTAGES, USERS = 12, 100
PATIENCE = "5000"
"""Milliseconds for a publish: on a busy machine a confirm may take longer than the product waits."""
LEFT = "SELECT count(*) FROM events WHERE publish_status = 'pending'"


def one(template: AppTemplate) -> Figures:
    """An event through the handler (p50), in turns with the floor."""
    with _all_published(template) as databases, RawIngest(databases) as raw:
        user = User(databases.environment)
        ours = [user.prepared("POST", EVENTS, note()) for _ in range(SINGLES)]
        floor = [partial(raw.one, note()) for _ in range(SINGLES)]
        times, floor_times = each_in_turns(ours[COUNTED:], floor[COUNTED:])
        spent = costs("ingest", template.urls, ours[:COUNTED], 1)
        spent |= costs("ingest_floor", template.urls, floor[:COUNTED], 1)
    return {
        "ingest_ms": median(times),
        "ingest_floor_ms": median(floor_times),
        "ingest_vs_floor": median(times) / median(floor_times),
        **spent,
    }


def batch(template: AppTemplate) -> Figures:
    """A hundred events of a user in a request (p50), in turns with the floor."""
    with _all_published(template) as databases, RawIngest(databases) as raw:
        user = User(databases.environment)
        given = [[note() for _ in range(SIZE)] for _ in range(2 * BATCHES)]
        ours = [user.prepared("POST", BATCH, {"events": each}) for each in given[:BATCHES]]
        floor = [partial(raw.together, each) for each in given[BATCHES:]]
        times, floor_times = each_in_turns(ours[COUNTED_BATCHES:], floor[COUNTED_BATCHES:])
        spent = costs("ingest_batch", template.urls, ours[:COUNTED_BATCHES], SIZE)
        spent |= costs("ingest_batch_floor", template.urls, floor[:COUNTED_BATCHES], SIZE)
    return {
        "ingest_batch_ms": median(times),
        "ingest_batch_floor_ms": median(floor_times),
        "ingest_batch_vs_floor": median(times) / median(floor_times),
        **spent,
    }


def outage(template: AppTemplate) -> Figures:
    """An event with the broker away and the breaker open, in turns with the broker up."""
    up: list[float] = []
    down: list[float] = []
    with template.copy() as databases:
        breaker = databases.parts.publisher.breaker
        users = [User(databases.environment) for _ in range(USERS)]
        tell = _telling(users)
        timed(tell, USERS)
        for _ in range(OUTAGES):
            up += timed(tell, TURN)
            with broker_away(databases.parts.publisher):
                while breaker.state != "open":
                    tell()
                down += timed(tell, TURN)
            timed(tell, 2)  # not counted: the first one connects
            databases.parts.events()[1].run(
                {"handoff_seconds": 5}, 10
            )  # else each user's next event waits for the last one
    return {
        "ingest_outage_ms": median(down),
        "ingest_up_ms": median(up),
        "ingest_outage_vs_up": median(down) / median(up),
    }


@contextmanager
def _all_published(template: AppTemplate) -> Iterator[AppDatabases]:
    """Fresh databases. At the end each event must be published: what is left to a sweep costs nothing.

    Raises:
        RuntimeError: events are not published.
    """
    with template.copy(PUBLISH_TIMEOUT_MS=PATIENCE) as databases:
        yield databases
        ((left,),) = databases.rows("notify", LEFT)
        if left:
            raise RuntimeError(f"{left} events were not published, so the figure would be wrong")


def _telling(users: Sequence[User]) -> Callable[[], object]:
    """Tells an event of the next user on each call. In an outage a user's first one is the dearest."""
    calls = USERS + OUTAGES * (3 * TURN)
    ready = iter([users[n % len(users)].prepared("POST", EVENTS, note()) for n in range(calls)])

    def tell() -> object:
        return next(ready)()

    return tell

"""The scenes: what there is at the beginning, and what each actor does with banking's own code."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from uuid import UUID

from chalicelib.banking.events import resend_events, rewind, rewind_worker
from chalicelib.banking.events.models import HeadToSkip
from chalicelib.banking.events.resend import resend_filters
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.events.skip_head import skip_head
from fintegrate.access.caller import Caller
from fintegrate.errors import Conflict, NotFound
from tests.integration.banking.events.stepping.stepped_banking import Scene, SteppedBanking
from tests.integration.banking.events.stepping.stepped_parts import CONFIRMED, LATE, NACKED

OPERATOR = Caller(owner_id="", owner_name="", key_id="", is_admin=True)


def changes_status_to(status: str) -> Callable[[SteppedBanking], None]:
    """A handler. A customer who has this status gets no event; the caller would get a 409."""

    def act(banking: SteppedBanking) -> None:
        event = banking.change(status)
        if event is not None:
            publish = banking.parts.request.publish_new
            assert publish is not None
            # In the product the clock is read before the statement. Here it stands still meanwhile.
            publish(event, banking.clock.monotonic())

    return act


def resends(banking: SteppedBanking) -> None:
    """A sweep."""
    banking.resend()


def skips_head(banking: SteppedBanking) -> None:
    """An operator; is refused while the head is in the hands of a request, or when it is gone."""
    body = HeadToSkip(customer_id=UUID(str(banking.customer_id)), reason="poison")
    request = SimpleNamespace(id="request")
    call = SimpleNamespace(db=banking.database, body=body, request=request, caller=OPERATOR)
    with suppress(Conflict, NotFound), banking.database.transaction():
        skip_head.__wrapped__(call)


def takes_up_failed(banking: SteppedBanking) -> None:
    """An operator who sends again what was given up, late if need be."""
    body = SimpleNamespace(include_failed=True, include_late=True)
    filters = resend_filters(banking.parts.settings, Scope())
    resend_events._resend(body, filters, "request")


def rewinds(banking: SteppedBanking) -> None:
    """A rewind from the beginning, and a run of its worker; what it leaves the next one finishes."""
    job = {
        "consumer_id": banking.consumer_id,
        "from_at": "-infinity",
        "include_processed": False,
        "reason": "lost",
        "request_id": "request",
        "quiet_after": None,
    }
    begun = banking.database.fetch_one(rewind.SQL["begin"], job)
    noted = {**(begun or {}), "seconds": rewind_worker.MARGIN_SECONDS + banking.handoff_seconds}
    banking.database.execute(
        rewind_worker.SQL["note_publishers"], noted
    )  # a first run does no more
    banking.rewind.run(3_600)


HANDLERS = Scene(
    given=["published"],
    actors={
        "handler 1": changes_status_to("INACTIVE"),
        "handler 2": changes_status_to("ACTIVE"),
        "sweep": resends,
    },
    clock=True,
)
"""Two handlers, a sweep and the clock. It passes whenever it likes: a handler may stand still for longer
than its hand-off time between its look at the clock and its publish."""
SWEEPS = Scene(
    given=["pending", "pending", "pending"],
    actors={"sweep 1": resends, "sweep 2": resends},
    fates=[CONFIRMED, NACKED],
    batch=2,
)
"""Two sweeps that share a customer's events, and a broker that may refuse each."""
SKIP = Scene(
    given=["pending"],
    actors={"sweep": resends, "operator": skips_head, "handler": changes_status_to("INACTIVE")},
    fates=[CONFIRMED, LATE],
)
"""An operator gives up the head while a copy of it may be under way."""
TAKEN_UP = Scene(
    given=["failed"],
    actors={
        "operator": takes_up_failed,
        "handler": changes_status_to("INACTIVE"),
        "sweep": resends,
    },
)
"""A failed event is its customer's newest, until a handler writes the next one."""
REWIND = Scene(
    given=["published"],
    actors={"handler": changes_status_to("INACTIVE"), "sweep": resends, "rewind": rewinds},
)
"""The queue is made anew while a handler publishes and a sweep may take what it leaves. Each may be
slow, but not a handler while it sends: that is what the worker's waiting time covers."""
REWIND_OF_PENDING = Scene(
    given=["published", "pending"],
    actors={"sweep": resends, "rewind": rewinds},
)
"""A sweep may have locked an event, and looked for the hold, before there was one."""

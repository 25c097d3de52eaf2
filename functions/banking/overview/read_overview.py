"""GET /overview: everything that the first screen shows, in one answer."""

from typing import Any

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.overview import history, live, reading
from chalicelib.banking.overview.blueprint import overview
from chalicelib.banking.overview.models import Overview, OverviewRequest
from chalicelib.banking.wiring import endpoint, parts, schedule_runs
from fintegrate.console import servers
from fintegrate.console.kept import Kept, etag
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.rest_api import event_sources
from fintegrate.probes import probes
from fintegrate.schedule_runs import periods

ANSWERS: Kept[tuple[dict[str, Any], str]] = Kept(1.0)
PAST: Kept[history.History] = Kept(60.0)
SERVERS: Kept[servers.SystemState] = Kept(2.0)
KEPT = (ANSWERS, PAST, SERVERS, live.COUNTINGS)
"""The longer, the less it changes from second to second."""


@overview.route("/overview", methods=["GET"])
@endpoint(OverviewRequest, gives=Overview, looks_up=True, versioned=True)
def read_overview(call: Call[OverviewRequest]) -> Answer:
    """What needs attention, where events wait, every stream, the servers and the last hour.

    A process answers from memory for a second, and for longer what took long to read.
    """
    scope = scope_of(call, call.body.consumer_id)
    tenant = not call.caller.is_admin
    key = (call.db, scope, tenant)
    body, version = ANSWERS.get(key, lambda: _made(call, scope, tenant=tenant))
    return Answer(body, headers={"ETag": version})


def _made(
    call: Call[OverviewRequest], scope: str | None, *, tenant: bool
) -> tuple[dict[str, Any], str]:
    system = SERVERS.get(call.db, _look)
    past = _past(call.db, scope)
    body = reading.read_overview(call.db, scope, past, system, tenant=tenant)
    return body, etag(body, "as_of")


def _past(database: Database, scope: str | None) -> history.History:
    """The past is read again when the schedule has counted a minute, or the ledger."""
    newest = history.read_newest(database)
    counted = newest["counted_until"], newest["reconciled_at"]
    return PAST.get((database, scope, *counted), lambda: history.read(database, scope, newest))


def _look() -> servers.SystemState:
    own = parts()
    every = probes(own.request.database, own.publisher, own.redis)
    asked = {name: probe.ask for name, probe in every.items()}
    schedules = periods(event_sources(overview, "schedules"), "banking")
    return servers.look(asked, own.publisher.breaker.state, schedule_runs(), schedules)

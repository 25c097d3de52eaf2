"""GET /app/overview: everything that the first screen shows of app.events, in one answer."""

from typing import Any

from chalicelib.appevents.console import history, queues_seen, reading
from chalicelib.appevents.console.blueprint import overview
from chalicelib.appevents.console.models import OverviewRequest
from chalicelib.appevents.wiring import admin_endpoint, parts, schedule_runs
from fintegrate.console import servers
from fintegrate.console.kept import Kept, etag
from fintegrate.console.shapes import SystemOverview
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.rest_api import event_sources
from fintegrate.probes import probes
from fintegrate.schedule_runs import periods

ANSWERS: Kept[tuple[dict[str, Any], str]] = Kept(1.0)
SERVERS: Kept[servers.SystemState] = Kept(2.0)
QUEUES: Kept[queues_seen.QueuesSeen] = Kept(5.0)
KEPT = (ANSWERS, SERVERS, QUEUES, history.OVER, reading.LAGS)
"""The longer, the less it changes from second to second."""


@overview.route("/app/overview", methods=["GET"])
@admin_endpoint(OverviewRequest, gives=SystemOverview, versioned=True)
def read_console_overview(call: Call[OverviewRequest]) -> Answer:
    """What needs attention, where events wait, every stream, the servers and the last hour.

    A process answers from memory for a second, and for longer what took long to read.
    """
    body, version = ANSWERS.get((call.db, call.body.stream), lambda: _made(call))
    return Answer(body, headers={"ETag": version})


def _made(call: Call[OverviewRequest]) -> tuple[dict[str, Any], str]:
    own = parts()
    system = SERVERS.get(call.db, _look)
    seen = QUEUES.get(call.db, lambda: queues_seen.look(own.settings.app_rabbitmq_url))
    body = reading.read_overview(
        call.db, lambda: own.service("video").request.database, call.body.stream, system, seen
    )
    return body, etag(body, "as_of")


def _look() -> servers.SystemState:
    own = parts()
    every = probes(own.service("notification").request.database, own.publisher, own.redis)
    asked = {name: probe.ask for name, probe in every.items()}
    schedules = periods(event_sources(overview, "schedules"), "appevents")
    return servers.look(asked, own.publisher.breaker.state, schedule_runs(), schedules)

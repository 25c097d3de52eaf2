"""GET /relay/overview: everything that the console's first screen shows of the relay."""

from typing import Any

from chalicelib.relay.console import overview
from chalicelib.relay.console.blueprint import console
from chalicelib.relay.console.overview_models import OverviewRequest, RelayOverview
from chalicelib.relay.wiring import endpoint, parts, schedule_runs
from fintegrate.console import servers
from fintegrate.console.kept import Kept, etag
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.http.rest_api import event_sources
from fintegrate.probes import probes
from fintegrate.schedule_runs import periods

ANSWERS: Kept[tuple[dict[str, Any], str]] = Kept(1.0)
SERVERS: Kept[servers.SystemState] = Kept(2.0)


@console.route("/relay/overview", methods=["GET"])
@endpoint(OverviewRequest, gives=RelayOverview, access=Access.ADMIN, looks_up=True, versioned=True)
def read_console_overview(call: Call[OverviewRequest]) -> Answer:
    """What needs attention, where events wait, every lane, the servers and the last hour.

    A process answers from memory for a second, and for longer what took long to read.
    """
    stream = call.body.stream
    body, version = ANSWERS.get((call.db, stream), lambda: _made(call, stream))
    return Answer(body, headers={"ETag": version})


def _made(call: Call[OverviewRequest], stream: int | None) -> tuple[dict[str, Any], str]:
    body = overview.read_overview(call.db, SERVERS.get(call.db, _look), stream)
    return body, etag(body, "as_of")


def _look() -> servers.SystemState:
    own = parts()
    every = probes(own.request.database, own.publisher, own.redis)
    asked = {name: probe.ask for name, probe in every.items()}
    schedules = periods(event_sources(console, "schedules"), "relay")
    return servers.look(asked, own.publisher.breaker.state, schedule_runs(), schedules)

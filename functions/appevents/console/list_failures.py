"""GET /app/events/failures: what failed, grouped by its cause."""

from chalicelib.appevents.console import failures
from chalicelib.appevents.console.blueprint import events
from chalicelib.appevents.console.models import Failures
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.shapes import CausesShown
from fintegrate.http.endpoint import Answer, Call


@events.route("/app/events/failures", methods=["GET"])
@admin_endpoint(Failures, gives=CausesShown)
def list_console_failures(call: Call[Failures]) -> Answer:
    """Rejected events, dead letters and failed uploads by function, type and code, the largest first."""
    own, asked = parts(), call.body
    return Answer(
        failures.group_failures(
            call.db, lambda: own.service("video").request.database, asked.begin, asked.stream
        )
    )

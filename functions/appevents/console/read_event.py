"""GET /app/events/data: one event's history, or one upload's."""

from chalicelib.appevents.console import life
from chalicelib.appevents.console.blueprint import events
from chalicelib.appevents.console.models import EventRef
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.shapes import LifeShown
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call


@events.route("/app/events/data", methods=["GET"])
@admin_endpoint(EventRef, gives=LifeShown, looks_up=True)
def read_console_event(call: Call[EventRef]) -> Answer:
    """Every step with its words, who held it for how long, and what else is known.

    What a user wrote is never shown: with `payload` there are its fields, ids and kinds.
    """
    user_id = call.body.user_id and str(call.body.user_id)
    wanted = {**call.body.model_dump(), "user_id": user_id}
    return Answer(life.read_event(call.db, _database_of, wanted))


def _database_of(service: str) -> Database:
    return parts().service(service).request.database

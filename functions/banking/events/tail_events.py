"""GET /events/tail: what is new, and what became of the events that are shown."""

from chalicelib.banking.events import tail
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.list_models import EventTail, EventTailing
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/tail", methods=["GET"])
@endpoint(EventTailing, gives=EventTail, looks_up=True)
def tail_events(call: Call[EventTailing]) -> Answer:
    """The events since `after` that match the filters, newest first, and the watched ones.

    Commits are not in the order of creation, so the last ten seconds before `after` are listed again.
    `truncated`: there are more new events than are listed.
    """
    scope = scope_of(call, call.body.consumer_id)
    return Answer(tail.read(call.db, call.body, scope, parts().settings.max_answer_bytes))

"""GET /api/v1/ops/dead-letters: what services could not act on, newest first."""

from chalicelib.appevents.ops.blueprint import ops
from chalicelib.appevents.ops.dead_letters import list_letters
from chalicelib.appevents.ops.models import DeadLetterPage, DeadLetters
from chalicelib.appevents.wiring import admin_endpoint
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Answer, Call


@ops.route("/api/v1/ops/dead-letters", methods=["GET"])
@admin_endpoint(DeadLetterPage, gives=DeadLetters)
def list_dead_letters(call: Call[DeadLetterPage]) -> Answer:
    """Dead letters, newest first. Their content is not shown: it may be private."""
    wanted = page_parameters(call.body.cursor, call.body.limit) | {"service": call.body.service}
    rows = list_letters(call.db, wanted)
    letters, cursor = page(rows, call.body.limit, "taken_at", "dead_letter_id")
    return Answer({"dead_letters": letters, "next_cursor": cursor})

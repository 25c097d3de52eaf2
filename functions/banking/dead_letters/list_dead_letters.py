"""GET /dead-letters/list: messages that ended in a dead-letter queue, newest first."""

from chalicelib.banking.dead_letters.blueprint import dead_letters
from chalicelib.banking.dead_letters.letters import list_letters, seen_by
from chalicelib.banking.dead_letters.models import DeadLetterList, DeadLetterListing
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@dead_letters.route("/dead-letters/list", methods=["GET"])
@endpoint(DeadLetterListing, gives=DeadLetterList, looks_up=True)
def list_dead_letters(call: Call[DeadLetterListing]) -> Answer:
    """A page of the caller's dead letters; the admin's are of all tenants.

    A tenant sees those that died in its own queue.
    """
    seen = seen_by(call, call.body.consumer_id)
    return Answer(list_letters(call.db, call.body, seen, parts().settings.max_answer_bytes))

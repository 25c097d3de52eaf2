"""POST /dead-letters/requeue: sends dead letters again."""

from chalicelib.banking.dead_letters.acting import meant, resolver, would_hit
from chalicelib.banking.dead_letters.blueprint import dead_letters
from chalicelib.banking.dead_letters.models import Requeue, Requeued
from chalicelib.banking.dead_letters.requeue import Requeuing, count, nothing_sent
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, check_expected, require_reason
from fintegrate.http.endpoint import Answer, Call


@dead_letters.route("/dead-letters/requeue", methods=["POST"])
@endpoint(
    Requeue, gives=Requeued, looks_up=True, conflict="A letter is resolved, or its queue is gone"
)
def requeue_dead_letters(call: Call[Requeue]) -> Answer:
    """Send open dead letters again, the oldest first; call again for the rest.

    A letter of an event has its event sent, with the rules of `POST /events/redeliver`. One that matches
    none goes back into its own queue as it was kept: only the operator may do that.
    """
    require_reason(call, of_all=True)
    letters = meant(call)
    if call.body.dry_run:
        hit = would_hit(call.db, letters, sends=True)
        return Answer({**nothing_sent(hit["matched"]), **hit})
    check_expected(call.body.expected_count, count(call.db, letters))
    requeuing = Requeuing(parts().redeliver, parts().publisher, parts().settings)
    done = requeuing.run(letters, resolver(call)).answer()
    return Answer(done, audited=audited(call, letters["subject"], done["summary"]))

"""POST /dead-letters/resolve: marks dead letters as seen to, without sending them."""

from chalicelib.banking.dead_letters.acting import check_named, resolver, would_hit
from chalicelib.banking.dead_letters.blueprint import dead_letters
from chalicelib.banking.dead_letters.letters import seen_by
from chalicelib.banking.dead_letters.models import Resolve, Resolved
from chalicelib.banking.dead_letters.requeue import SQL
from chalicelib.banking.wiring import endpoint
from fintegrate.console.acts import audited, check_expected, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@dead_letters.route("/dead-letters/resolve", methods=["POST"])
@endpoint(
    Resolve,
    gives=Resolved,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="A letter is resolved",
)
def resolve_dead_letters(call: Call[Resolve]) -> Answer:
    """Mark open dead letters as resolved. They stay, with who, when and why, and are not counted."""
    require_reason(call, of_all=True)
    letters = check_named(call.db, call.body.dead_letter_ids, seen_by(call))
    named = len(letters["dead_letter_ids"])
    if call.body.dry_run:
        return Answer(would_hit(call.db, letters, sends=False))
    check_expected(call.body.expected_count, named)
    resolved = call.db.execute(SQL["resolve"], {**letters, **resolver(call), "requeued": False})
    done = {"resolved": resolved, "skipped": named - resolved}
    return Answer(done, audited=audited(call, letters["subject"], done))

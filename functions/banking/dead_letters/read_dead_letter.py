"""GET /dead-letters/data: one dead letter with its body."""

from chalicelib.banking.dead_letters.blueprint import dead_letters
from chalicelib.banking.dead_letters.letters import read_letter, seen_by
from chalicelib.banking.dead_letters.models import DeadLetterData, DeadLetterRef
from chalicelib.banking.wiring import endpoint
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Answer, Call


@dead_letters.route("/dead-letters/data", methods=["GET"])
@endpoint(DeadLetterRef, gives=DeadLetterData, looks_up=True)
def read_dead_letter(call: Call[DeadLetterRef]) -> Answer:
    """A letter with its body, as text or in base64, at most 64 KiB, and its properties.

    The audit log says when the admin has read one.
    """
    letter_id = str(call.body.dead_letter_id)
    letter = read_letter(call.db, letter_id, seen_by(call))
    read = Audited("read a dead letter", letter["consumer_id"], {"dead_letter_id": letter_id})
    return Answer(letter, audited=read if call.caller.is_admin else None)

"""What it means for a sender that no complete answer came."""

from __future__ import annotations

from fintegrate.answer_class import Meaning
from fintegrate.outgoing.exchange import Failure, Kind, Sent

_WRONG = {Kind.NOT_ALLOWED, Kind.BAD_CERTIFICATE}


def meant_by_failure(failure: Failure) -> Meaning:
    """What it means that no complete answer came."""
    if failure.kind in _WRONG:
        return Meaning.CONFIGURATION
    return Meaning.UNKNOWN if failure.sent is Sent.WHOLE else Meaning.OUTAGE

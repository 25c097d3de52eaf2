"""What an answer means for whoever sent a request, by its class alone.

The classes are those of the relay's contract: the receiver took it, refuses this one, refuses the
sender's configuration, wants fewer requests, is away, or may have acted on it without saying so. What
follows from a class is the sender's. A receiver with words of its own is judged by its adapter first.
The lack of an answer has its class in `fintegrate.outgoing.failure_class`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Meaning(Enum):
    """The class of an answer."""

    TAKEN = "taken"
    REFUSED = "refused"
    """What was sent is at fault: the same again is refused again."""
    CONFIGURATION = "configuration"
    """Whatever is sent there is refused, until somebody changes the address or the credential."""
    OVERLOAD = "overload"
    OUTAGE = "outage"
    UNKNOWN = "unknown"
    """It was sent whole, and no answer came that can be read."""


class Meant(NamedTuple):
    """A class, why a configuration is refused, and whether a rule names this status."""

    meaning: Meaning
    reason: str | None = None
    is_named: bool = True


CONFIGURATION_REASONS: Mapping[int, str] = MappingProxyType(
    {401: "credential", 403: "permission", 404: "address", 405: "address", 410: "gone"}
)
GONE = "gone"
"""The receiver is gone for good: nothing is tried until somebody changes the address."""
_UNNAMED = {402: "account", 406: "address", 407: "address", 415: "address", 421: "address"}
_LATER = {408, 425, 429}
_REFUSED = {400, 413, 422}


def meant_by(status: int) -> Meant:
    """What a status means on its own (RFC 9110, section 15)."""
    if 300 <= status < 400 or status in CONFIGURATION_REASONS:
        return Meant(Meaning.CONFIGURATION, CONFIGURATION_REASONS.get(status, "address"))
    if status in _UNNAMED:
        return Meant(Meaning.CONFIGURATION, _UNNAMED[status], is_named=False)
    if status in _LATER:
        return Meant(Meaning.OVERLOAD)
    if 400 <= status < 500:
        return Meant(Meaning.REFUSED, is_named=status in _REFUSED)
    if 200 <= status < 300:
        return Meant(Meaning.TAKEN)
    return Meant(Meaning.OUTAGE, is_named=500 <= status < 600)

"""What the demo's users did and were answered, and so what the books must say in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from chalicelib.appevents.events.catalogue import CLIENT, TYPES

PROCESSED, REJECTED = "processed", "rejected"


def service_of(event_type: str) -> str:
    """Who acts on events of this type."""
    return TYPES[event_type].read_by[0]


SERVICES = sorted({service_of(name) for name, each in TYPES.items() if each.told_by == CLIENT})
"""Those that act on what clients tell."""


@dataclass
class Record:
    """What was answered.

    Attributes:
        accepted: by user, what must become of each accepted event: `processed`, or why it is rejected
        types: the type of each
        straight: messages that went straight to the exchange, by service
        poisoned: of these, those that nobody can read
        seen: what users saw in the end, beside what they should have seen
        failures: calls that went wrong
    """

    accepted: dict[str, dict[str, str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    straight: Counter[str] = field(default_factory=Counter)
    poisoned: Counter[str] = field(default_factory=Counter)
    seen: dict[str, tuple[object, object]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def accept(self, user: str, event_id: str, event_type: str, fate: str = PROCESSED) -> None:
        """An event was answered with 202, or as accepted in a batch."""
        self.accepted.setdefault(user, {})[event_id] = fate
        self.types[event_id] = event_type

    def saw(self, what: str, found: object, wanted: object) -> None:
        """Something that was looked at."""
        self.seen[what] = found, wanted

    def by_service(self, *, rejected: bool | None = None) -> Counter[str]:
        """How many accepted events each service has; of one fate only, if that is said."""
        return Counter(
            service_of(self.types[event_id])
            for events in self.accepted.values()
            for event_id, fate in events.items()
            if rejected is None or rejected == (fate != PROCESSED)
        )

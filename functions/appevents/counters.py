"""The counters of app.events."""

from __future__ import annotations

from fintegrate.metrics import Counted

ACCEPTED = Counted("events_accepted_total", "Events that clients told, by type", ("event_type",))
SETTLED = Counted(
    "messages_total", "Messages of a service's queue, by what became of each", ("service", "step")
)
OUTCOMES_UNKNOWN = Counted(
    "outcomes_unknown_total", "Outcomes of events that nobody accepted here", ("event_type",)
)
COUNTED = (ACCEPTED, SETTLED, OUTCOMES_UNKNOWN)

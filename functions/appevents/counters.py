"""The counters of app.events."""

from __future__ import annotations

from fintegrate.metrics import Counted

ACCEPTED = Counted("events_accepted_total", "Accepted events of clients, by type", ("event_type",))
SETTLED = Counted(
    "messages_total", "Messages of a service's queue, by how each ended", ("service", "step")
)
OUTCOMES_UNKNOWN = Counted(
    "outcomes_unknown_total", "Outcomes of events that the API did not accept", ("event_type",)
)
OUTCOMES = Counted("outcomes_total", "Outcomes of clients' events", ("outcome",))
BATCH_SECONDS = Counted(
    "batch_seconds",
    "How long a service's function worked on a batch; a video is a batch of its own",
    ("service",),
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300, 840),
)
COUNTED = (ACCEPTED, SETTLED, OUTCOMES, OUTCOMES_UNKNOWN, BATCH_SECONDS)

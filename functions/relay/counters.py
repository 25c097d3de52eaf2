"""The relay's counters: deliveries and requests by platform, skips, halvings, nudges and leases.

A platform is counted by its adapter. A destination is no label: there are hundreds of them.
"""

from __future__ import annotations

from fintegrate.metrics import Counted

DELIVERIES = Counted(
    "deliveries_total",
    "Deliveries of a run, by how each ended or why it is tried again",
    ("platform", "outcome"),
)
REQUESTS = Counted(
    "platform_requests_total",
    "Requests to a platform, by what the answer meant",
    ("platform", "class"),
)
REQUEST_SECONDS = Counted(
    "platform_request_seconds",
    "From the resolving of a platform's name to the last byte of its answer",
    ("platform", "class"),
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
SKIPPED = Counted("skipped_total", "Deliveries that must not be sent, by the reason", ("reason",))
HALVINGS = Counted("halvings_total", "Batches that were refused as a whole", ("platform",))
NUDGES_LOST = Counted("nudges_lost_total", "Nudges that the broker did not take")
LEASES_TAKEN_OVER = Counted(
    "leases_taken_over_total", "Deliveries whose sender has not said how they ended", ("platform",)
)
COUNTED = (
    DELIVERIES,
    REQUESTS,
    REQUEST_SECONDS,
    SKIPPED,
    HALVINGS,
    NUDGES_LOST,
    LEASES_TAKEN_OVER,
)
BOUNDS = {"reason": 40}

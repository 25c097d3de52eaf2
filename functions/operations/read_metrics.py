"""GET /metrics: what this process counted, and what is true for the whole system now."""

from __future__ import annotations

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from chalicelib.operations.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.metrics import exposition

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: https://prometheus.io/docs/instrumenting/exposition_formats/"""


@operations.route("/metrics", methods=["GET"])
@endpoint(Nothing, access=Access.ADMIN, media_type=MEDIA_TYPE)
def read_metrics(call: Call[Nothing]) -> Answer:
    """The metrics in the Prometheus text format.

    Counters and histograms are those of the process that answers; gauges of events are read from
    the database and are the same whoever answers, in sum and per consumer. The ledger's sums are
    those of the last scheduled reconciliation, with its time.
    """
    return Answer(
        exposition([family for system in systems.served() for family in system.gauges(call.db)])
    )

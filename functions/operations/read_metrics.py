"""GET /metrics: what this process counted, and what is true for the whole system now."""

from __future__ import annotations

from chalicelib.banking.wiring import endpoint, parts
from chalicelib.operations.blueprint import operations
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.metrics import BREAKER_OPEN, exposition

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: https://prometheus.io/docs/instrumenting/exposition_formats/"""
BREAKER_VALUES = {"closed": 0.0, "half_open": 0.5, "open": 1.0}


@operations.route("/metrics", methods=["GET"])
@endpoint(Nothing, access=Access.ADMIN, media_type=MEDIA_TYPE)
def read_metrics(call: Call[Nothing]) -> Answer:
    """The metrics in the Prometheus text format.

    Counters and histograms are those of the process that answers; gauges of events are read from
    the database and are the same whoever answers, in sum and per consumer. The ledger's sums are
    those of the last scheduled reconciliation, with its time.
    """
    # Both here, to spare other cold starts.
    from chalicelib.banking.events.gauges import event_gauges, read_gauges, reconciliation_gauges
    from chalicelib.banking.events.reconciling import read_last

    BREAKER_OPEN.set(BREAKER_VALUES[parts().publisher.breaker.state])
    waiting = event_gauges(read_gauges(call.db))
    return Answer(exposition([*waiting, *reconciliation_gauges(read_last(call.db))]))

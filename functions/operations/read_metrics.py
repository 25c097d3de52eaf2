"""GET /metrics: the counters of all processes, and the gauges of the whole system."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import systems
from chalicelib.operations.blueprint import operations
from chalicelib.operations.schedules import read_states, schedule_gauges
from chalicelib.operations.wiring import endpoint
from fintegrate.exposition import exposition
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.metrics import GaugeFamily
from fintegrate.system import System

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: https://prometheus.io/docs/instrumenting/exposition_formats/"""


@operations.route("/metrics", methods=["GET"])
@endpoint(Nothing, access=Access.ADMIN, media_type=MEDIA_TYPE, also=("BearerKey",))
def read_metrics(_call: Call[Nothing]) -> Answer:
    """The metrics in the Prometheus text format.

    Counters and histograms are those of all processes together, kept in Redis: they begin again at
    zero when it restarts, and are missing while it is away (`fintegrate_metrics_store_up` is 0 then).
    Gauges of events are read from the database, in sum and per consumer. The ledger's sums are those
    of the last scheduled reconciliation, with its time.
    """
    served = systems.configured()
    counted = [system.request_parts().metrics for system in served]
    states = read_states(served)
    return Answer(exposition(counted, [*gauges_of(served), *schedule_gauges(states)]))


def gauges_of(served: Sequence[System]) -> list[GaugeFamily]:
    """The gauges of each system, read from its own database."""
    return [
        family for system in served for family in system.gauges(system.request_parts().database)
    ]

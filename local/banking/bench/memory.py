"""Measures, in a separate process, how much a process grows while it drains a large backlog."""

from __future__ import annotations

from functools import partial

from chalicelib.banking.wiring import parts
from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchTemplate
from local.banking.bench.drains import seconds_to_drain
from local.bench.figures import Figures
from local.bench.resident import around_backlogs

EVENTS = 200_000
CUSTOMERS = 20_000
WARM_UP = 5_000


def memory(template: BenchTemplate) -> Figures:
    """The resident memory after a small backlog, and its maximum during the large one."""
    with template.copy() as database:
        write = partial(write_pending, database.database_url, database.tenants)
        write(WARM_UP)
        before, most = around_backlogs(
            _drain, WARM_UP, EVENTS, lambda: write(CUSTOMERS, EVENTS // CUSTOMERS)
        )
    return {"resend_rss_mb": most, "resend_rss_growth_mb": most - before}


def _drain(events: int) -> None:
    seconds_to_drain(parts(), events)

"""Measures, in a separate process, how much a process grows while it drains a large backlog."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

from chalicelib.banking.wiring import parts
from local.banking.bench.backlog import write_pending
from local.banking.bench.databases import BenchTemplate
from local.banking.bench.drains import seconds_to_drain
from local.bench.figures import Figures
from local.bench.resident import most_resident_mb, resident_mb

EVENTS = 200_000
CUSTOMERS = 20_000
WARM_UP = 5_000


def memory(template: BenchTemplate) -> Figures:
    """The resident memory after a small backlog, and its maximum during the large one."""
    context = multiprocessing.get_context("spawn")
    with template.copy() as database:
        write_pending(database.database_url, database.tenants, WARM_UP)
        ours, theirs = context.Pipe()
        process = context.Process(target=_drain_twice, args=(theirs,))
        process.start()
        ours.recv()
        write_pending(database.database_url, database.tenants, CUSTOMERS, EVENTS // CUSTOMERS)
        ours.send("go on")
        before, most = ours.recv()
        process.join()
    return {"resend_rss_mb": most, "resend_rss_growth_mb": most - before}


def _drain_twice(pipe: Connection) -> None:
    seconds_to_drain(parts(), WARM_UP)
    before = resident_mb()
    pipe.send("warm")
    pipe.recv()
    pipe.send((before, most_resident_mb(lambda: seconds_to_drain(parts(), EVENTS))))

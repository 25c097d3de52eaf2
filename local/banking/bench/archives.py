"""Measures the archive: old events a second, and what creates beside it notice of it."""

from __future__ import annotations

import psycopg2

from chalicelib.banking.archive.archiving import manifest_key
from local.banking.bench.background_work import creates_beside, worker
from local.banking.bench.creates import creating
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.old_events import write_old
from local.bench.figures import Figures
from local.bench.percentiles import p50_p99
from local.bench.sizes import size

EVENTS = 1_000_000
"""Those of the last month are too young to be moved."""
PATIENCE_SECONDS = 1_800
FILES = "SELECT object_key, event_count, moved_at IS NOT NULL FROM archives"


def archive(template: BenchTemplate) -> Figures:
    """Events a second of a run that moves all; a bank's creates without it and beside it."""
    patience = str(PATIENCE_SECONDS)
    with template.copy(ARCHIVE_AFTER_DAYS="30", ARCHIVE_SECONDS=patience) as database:
        write_old(database.database_url, database.tenants, size("BENCH_ARCHIVE_EVENTS", EVENTS))
        create = creating(database.tenants[0])
        create()
        without = creates_beside(create)
        with worker("archive", PATIENCE_SECONDS) as work:
            finished = work()
            beside = creates_beside(create)
            seconds = finished()
        moved = _moved(database)
    (p50, p99), (p50_without, p99_without) = p50_p99(beside), p50_p99(without)
    return {
        "archive_events": float(moved),
        "archive_per_s": moved / seconds,
        "archive_create_p99_ms": p99,
        "archive_create_vs_without_p50": p50 / p50_without,
        "archive_create_vs_without_p99": p99 / p99_without,
    }


def _moved(database: BenchDatabase) -> int:
    """How many events were moved. Deletes their files."""
    connection = psycopg2.connect(database.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(FILES)
        files = cursor.fetchall()
    connection.close()
    store = database.parts.object_store.require()
    for object_key, _, _ in files:
        store.delete(object_key)
        store.delete(manifest_key({"object_key": object_key}))
    return sum(count for _, count, is_moved in files if is_moved)

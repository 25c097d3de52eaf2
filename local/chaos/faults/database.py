"""Faults inside a running PostgreSQL: terminated sessions and slow commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from random import Random
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # the driver's class

from local.chaos.faults.fault import Happen, Targets

TERMINATE = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND starts_with(application_name, %(application)s)
  AND random() < %(share)s
"""
COMMIT_DELAY_MICROSECONDS = 60_000


Choose = Callable[[Any, Random], str]
"""One of a testbed's databases."""


def the_only_one(bed: Any, _random: Random) -> str:
    """Of a testbed that has one database."""
    return str(bed.database_url)


@contextmanager
def session(targets: Targets[Any], *, autocommit: bool = True, url: str = "") -> Iterator[Cursor]:
    """A session of the run's own, which does not go through the proxy."""
    url = url or targets.bed.database_url
    with closing(psycopg2.connect(url, application_name="chaos")) as connection:
        connection.autocommit = autocommit
        with connection.cursor() as cursor:
            yield cursor


def backends_terminated(application: str, choose: Choose = the_only_one) -> Happen:
    """Terminate sessions of the functions, whose names begin so, whatever they are doing."""

    def happen(targets: Targets[Any], random: Random, seconds: float) -> None:
        for _ in range(3):
            with session(targets, url=choose(targets.bed, random)) as cursor:
                share = random.uniform(0.2, 1)
                cursor.execute(TERMINATE, {"share": share, "application": application})
            targets.last(seconds / 3)

    return happen


def commits_slow(targets: Targets[Any], _random: Random, seconds: float) -> None:
    """Delay every commit before its flush, as on a slow disk (`commit_delay`)."""
    with session(targets) as cursor:
        cursor.execute("ALTER SYSTEM SET commit_siblings = 0")
        cursor.execute("ALTER SYSTEM SET commit_delay = %s", (COMMIT_DELAY_MICROSECONDS,))
        cursor.execute("SELECT pg_reload_conf()")
        try:
            targets.last(seconds)
        finally:
            cursor.execute("ALTER SYSTEM RESET commit_siblings")
            cursor.execute("ALTER SYSTEM RESET commit_delay")
            cursor.execute("SELECT pg_reload_conf()")

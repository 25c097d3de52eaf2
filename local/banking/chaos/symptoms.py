"""Records why events could not be published while faults happen.

A fault without any effect proves nothing. A reason is in the table only while its event waits, so it
must be read during the run.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg2

from local.chaos.looking import rows

EVERY_SECONDS = 0.2
REASONS = """
SELECT DISTINCT publish_failure_reason AS reason
FROM customer_events
WHERE publish_failure_reason IS NOT NULL
"""
_PARTICULARS = re.compile(r"customer\.\S+|\d+(\.\d+)?")


class Symptoms:
    """The reasons seen during the block, without details of a single event.

    Attributes:
        reasons: each reason once
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="symptoms", daemon=True)
        self.reasons: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            with suppress(psycopg2.Error):  # a fault may have stopped the database
                for row in rows(self._database_url, REASONS):
                    self.reasons.add(without_particulars(row["reason"]))


def without_particulars(reason: str) -> str:
    """A reason without its numbers and routing keys."""
    return _PARTICULARS.sub("…", reason)

"""Rows of the relay in every state, and its console's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Query = Callable[..., list[dict[str, Any]]]

ENDED = """
UPDATE event_deliveries
SET status = %(status)s, reason = %(reason)s, attempt_count = 1, last_attempt_at = now(),
    ended_at = now(),
    delivered_at = CASE WHEN %(status)s = 'delivered' THEN now() END
WHERE event = ANY (%(events)s)
"""


@pytest.fixture
def end(query: Query) -> Callable[..., None]:
    """Ends the deliveries of some events with a status."""

    def end(events: list[int], status: str, reason: str | None = None) -> None:
        query(ENDED, events=events, status=status, reason=reason)

    return end

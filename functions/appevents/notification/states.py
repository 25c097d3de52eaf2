"""What became of an event, as a client reads it."""

from __future__ import annotations

from typing import Any

from fintegrate.database import Row


def status_of(row: Row) -> str:
    """`accepted`, `published`, `processed` or `rejected`."""
    if row["outcome_status"]:
        return str(row["outcome_status"])
    return "published" if row["publish_status"] == "published" else "accepted"


def state_of(row: Row) -> dict[str, Any]:
    """A row of an event as `EventState`."""
    outcome = row["outcome_event_type"] and {
        "event_type": row["outcome_event_type"],
        "data": row["outcome_data"],
        "at": row["outcome_at"],
    }
    return {
        "client_generated_id": row["client_generated_id"],
        "event_type": row["event_type"],
        "status": status_of(row),
        "accepted_at": row["received_at"],
        "outcome": outcome or None,
        "reason": row["outcome_code"],
    }

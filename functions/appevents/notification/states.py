"""What became of an event, as a client reads it."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.sealed_fields import SealedFields
from fintegrate.database import Row


def status_of(row: Row) -> str:
    """`accepted`, `published`, `processed` or `rejected`."""
    if row["outcome_status"]:
        return str(row["outcome_status"])
    return "published" if row["publish_status"] == "published" else "accepted"


def state_of(row: Row, user_id: str, sealed: SealedFields) -> dict[str, Any]:
    """A row of a user's event as `EventState`, with the answer's secrets opened for that user."""
    answered = row["outcome_event_type"]
    key = answered, user_id, row["client_generated_id"]
    outcome = answered and {
        "event_type": answered,
        "data": sealed.open_for_user(*key, row["outcome_data"]),
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

"""Examples of erasing a user."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.events.catalogue import HOLDERS

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EXAMPLES: dict[str, Any] = {
    **{
        f"{service}.user.erase_requested": {
            "unsettled": [{"event_id": ID, "event_type": "machine.note.saved"}]
        }
        for service in HOLDERS
    },
    **{f"{service}.user.erased": {"row_count": 3} for service in HOLDERS},
}
WRONG: dict[str, dict[str, Any]] = {
    **{f"{service}.user.erase_requested": {"unsettled": [{}]} for service in HOLDERS},
    **{f"{service}.user.erased": {"row_count": -1} for service in HOLDERS},
}

"""Examples of what every service may answer."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "event.rejected": {
        "event_type": "machine.note.saved",
        "reason_code": "id_taken",
        "reason": "Another note has this id",
    }
}
WRONG: dict[str, dict[str, Any]] = {
    "event.rejected": {"event_type": 1, "reason_code": None, "reason": "x" * 501}
}

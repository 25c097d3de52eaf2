"""Examples of notes and preferences."""

from __future__ import annotations

from typing import Any

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EXAMPLES: dict[str, Any] = {
    "machine.note.saved": {"machine_id": "leg-press-2", "body": "Seat on 4"},
    "machine.note.deleted": {"note_id": ID},
    "machine.note.persisted": {"note_id": ID, "machine_id": "leg-press-2", "deleted": False},
    "equipment.prefs.submitted": {"machine_id": "leg-press-2", "prefs": {"seat": 4, "grip": "x"}},
    "equipment.prefs.persisted": {"machine_id": "leg-press-2", "prefs": {"seat": 4}},
}
WRONG: dict[str, dict[str, Any]] = {
    "machine.note.saved": {"machine_id": "x" * 101, "body": " "},
    "machine.note.deleted": {"note_id": "none"},
    "machine.note.persisted": {"note_id": 1, "machine_id": "", "deleted": "no"},
    "equipment.prefs.submitted": {"machine_id": "a\x00b", "prefs": {}},
    "equipment.prefs.persisted": {"machine_id": None, "prefs": {"seat": []}},
}

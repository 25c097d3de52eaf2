"""How the requests of app.events follow each other in its Postman collection."""

from __future__ import annotations

from typing import Any

from local.documents.postman import Plan, pairs

KEEP = """\
const isJson = pm.response.headers.get("Content-Type") === "application/json";
const answered = (isJson && pm.response.json().data) || {};
if (answered.client_generated_id)
  pm.collectionVariables.set("client_generated_id", answered.client_generated_id);"""
EVENT: dict[str, Any] = {
    "event_type": "machine.note.saved",
    "client_generated_id": "{{$guid}}",
    "timestamp": "{{$isoTimestamp}}",
    "data": {"machine_id": "{{machine_id}}", "body": "Seat on 4"},
}
PLAN = Plan(
    auth={"type": "bearer", "bearer": [*pairs(token="{{token}}")]},  # noqa: S106 - a variable's name
    credentials=("token",),
    kept=("client_generated_id",),
    keep=KEEP,
    given=("metrics",),
    sent={
        "POST /api/v1/notify/events": EVENT,
        "POST /api/v1/notify/events/batch": {"events": [EVENT]},
        "POST /api/v1/notify/events/status": {"ids": ["{{client_generated_id}}"]},
    },
    only_with={"GET /metrics": "metrics"},
    folders=("Notification",),
    known={"machine_id": "leg-press-2"},
    skips_unknown=True,
)

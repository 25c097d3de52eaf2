"""How the requests of app.events follow each other in its Postman collection."""

from __future__ import annotations

from typing import Any

from local.documents.postman import Plan, pairs

KEEP = """\
const isJson = pm.response.headers.get("Content-Type") === "application/json";
const answered = (isJson && pm.response.json().data) || {};
for (const name of ["client_generated_id", "video_id"])
  if (answered[name]) pm.collectionVariables.set(name, answered[name]);"""
EVENT: dict[str, Any] = {
    "event_type": "machine.note.saved",
    "client_generated_id": "{{$guid}}",
    "timestamp": "{{$isoTimestamp}}",
    "data": {"machine_id": "{{machine_id}}", "body": "Seat on 4"},
}
OPERATORS = {
    "type": "apikey",
    "apikey": [*pairs(key="X-API-Key", value="{{admin_api_key}}")],
}
OF_OPERATORS = (
    "GET /api/v1/ops/dead-letters",
    "POST /api/v1/ops/dead-letters/redrive",
    "GET /api/v1/ops/reconcile",
)
PLAN = Plan(
    auth={"type": "bearer", "bearer": [*pairs(token="{{token}}")]},  # noqa: S106 - a variable's name
    other_auth={"ApiKey": OPERATORS},
    credentials=("token", "admin_api_key"),
    kept=("client_generated_id", "video_id"),
    keep=KEEP,
    given=("metrics", "ai", "uploaded", "conversation_id", "program_id", "post_id", "owner_id"),
    sent={
        "POST /api/v1/notify/events": EVENT,
        "POST /api/v1/notify/events/batch": {"events": [EVENT]},
        "POST /api/v1/videos": {"client_generated_id": "{{$guid}}"},
        "POST /api/v1/notify/events/status": {"ids": ["{{client_generated_id}}"]},
        "GET /app/events/data": {"event_id": "{{client_generated_id}}"},
    },
    only_with={
        **dict.fromkeys(("GET /metrics", "GET /api/v1/metrics"), "metrics"),
        "POST /api/v1/ai/prompt": "ai",
        "POST /api/v1/videos/{video_id}/complete": "uploaded",
        **dict.fromkeys(OF_OPERATORS, "admin_api_key"),
    },
    folders=("Notification",),
    known={"machine_id": "leg-press-2", "file": "page.css"},
    skips_unknown=True,
)

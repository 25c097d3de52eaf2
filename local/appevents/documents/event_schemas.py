"""The JSON Schema 2020-12 of each type of event: the envelope as clients send it and queues hold it."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.envelope import MAJOR, SCHEMA_VERSION
from chalicelib.appevents.events.catalogue import CLIENT, TYPES, model_of
from fintegrate.openapi.examples import example, published, without_facts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EVENT_ID = "550e8400-e29b-41d4-a716-446655440000"
USER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CAUSE = "0b3f2d1c-9a57-4f2e-8a6e-6b1f1f0f7d11"
_UUID = {"type": "string", "format": "uuid"}


def event_schema(event_type: str) -> dict[str, Any]:
    """The schema of one type, complete in itself. Readers ignore fields that they do not know."""
    data = model_of(event_type).model_json_schema()
    definitions = data.pop("$defs", {})
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:fintegrate:app-event:{event_type}:{MAJOR.rstrip('.')}",
        "title": event_type,
        **envelope_schema(event_type, _open(published(data))),
        "examples": [event_example(event_type)],
    }
    if definitions:
        schema["$defs"] = {name: _open(published(each)) for name, each in definitions.items()}
    return dict(without_facts(schema))


def envelope_schema(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a type around its data. What a client may leave out is not required."""
    told_by = TYPES[event_type].told_by
    source = {"const": told_by} if told_by not in {CLIENT, ""} else {"type": "string"}
    fields = {
        "schema_version": {
            "type": "string",
            "pattern": rf"^{MAJOR.rstrip('.')}\.",
            "description": f"{SCHEMA_VERSION} if left out",
        },
        "event_type": {"const": event_type},
        "client_generated_id": {
            **_UUID,
            "description": "Unique among the user's events; also the id of what the event creates",
        },
        "user_id": {**_UUID, "description": "Whose event it is; clients may leave it out"},
        "timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, by the sender's clock",
        },
        "source_service": {**source, "description": "Who sends it"},
        "data": data,
    }
    if told_by != CLIENT:
        described = {**_UUID, "description": "The id of the event that led to it"}
        fields["causation_id"] = described
    required = ["event_type", "client_generated_id", "timestamp", "data"]
    if told_by != CLIENT:
        required += ["schema_version", "user_id", "source_service"]
    return {"type": "object", "properties": fields, "required": required}


def event_example(event_type: str) -> dict[str, Any]:
    """An event of this type, as it is published."""
    told_by = TYPES[event_type].told_by
    schema = model_of(event_type).model_json_schema()
    return {
        "schema_version": SCHEMA_VERSION,
        "event_type": event_type,
        "client_generated_id": EVENT_ID,
        "user_id": USER_ID,
        "timestamp": "2026-11-05T10:00:00Z",
        "source_service": told_by or "machine",
        "data": example(schema, schema.get("$defs", {})),
        **({"causation_id": CAUSE} if told_by != CLIENT else {}),
    }


def _open(definition: dict[str, Any]) -> dict[str, Any]:
    """A reader of queues ignores fields that it does not know; the API refuses them in words."""
    kept = {name: value for name, value in definition.items() if name != "additionalProperties"}
    return kept if "properties" in definition else definition

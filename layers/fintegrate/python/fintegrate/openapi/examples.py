"""What the fields mean and what they may hold: notes and examples by name, for the document.

An example is made for every model: from the field's own name where it is known here, else from what
its schema allows. Only required fields and known ones stand in an example of a request.
"""

from __future__ import annotations

from typing import Any

_CUSTOMER = "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10"
_CONSUMER = "2f1c9a54-8d3e-4b7a-a1c6-5e9f0b2d7c31"
_EVENT = "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809"
_KEY_ID = "0f8fad5bd9cb469fa16570867728950e"

FIELDS: dict[str, tuple[str, Any]] = {
    "customer_id": ("The customer's id", _CUSTOMER),
    "consumer_id": ("The consumer's id", _CONSUMER),
    "event_id": ("The event's id", _EVENT),
    "consumer_name": ("Part of the names of the consumer's queues", "bank_north"),
    "name": ("The name", "John Richard Doe"),
    "tag_key": ("The tag's key", "segment"),
    "new_tag_key": ("The key that the tag gets", "risk_class"),
    "tag_value": ("The tag's value", "retail"),
    "new_tag_value": ("The value that the tag gets", "private"),
    "tag_keys": ("Distinct keys; the value of each has the same position", ["segment"]),
    "tag_values": ("As many values as keys, by position", ["retail"]),
    "tags": ("Values by key, sorted by key", {"segment": "retail"}),
    "api_key": ("The key, or its public id where one is looked for", _KEY_ID),
    "rotate": ("Whether to replace the active key, which stops at once", True),
    "expires_in_days": ("Days until the key expires", 365),
    "limit": ("Entries on a page", 50),
    "cursor": ("`next_cursor` of the page before", None),
    "next_cursor": ("Send it as `cursor` to get the next page; null on the last one", None),
    "period_in_days": ("How far back to look, in days", 7),
    "max_try_count": ("Only events that were tried less often", None),
    "event_types": ("Only events of these types", ["customer_creation"]),
    "event_ids": ("Only these events", [_EVENT]),
    "include_failed": ("Whether to send again also what the consumer failed", False),
    "dry_run": ("Whether to count only", False),
    "received_at": ("When the consumer received the event", "2026-01-15T09:30:00+00:00"),
    "failure_reason": ("Why it failed", "the account is blocked"),
    "sequence": ("Counts a customer's events from 1 without gaps", 1),
    "source_service": ("The endpoint that wrote the event", "POST: /customer/data"),
    "latency_ms": ("Milliseconds until the server answered", 0.8),
}
_TIME = "2026-01-15T09:30:00.000000+00:00"
_BY_FORMAT = {"uuid": _EVENT, "date-time": _TIME, "date": _TIME[:10]}
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": False}


def note_of(name: str) -> str | None:
    """What a field of this name means, when that is known."""
    return FIELDS[name][0] if name in FIELDS else None


def example(schema: dict[str, Any], components: dict[str, Any], name: str = "") -> Any:
    """A value that the schema allows; references are looked up in `components`."""
    if "$ref" in schema:
        return example(components[schema["$ref"].rpartition("/")[2]], components, name)
    if "properties" in schema:
        return _object(schema, components)
    if schema.get("examples"):
        return schema["examples"][0]
    if name in FIELDS and not _is_object(schema):
        return FIELDS[name][1]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], components)
    return _plain(schema, components)


def _plain(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    if "const" in schema or "enum" in schema or "default" in schema:
        return schema.get("default", schema.get("const", schema.get("enum", [None])[0]))
    kind = schema.get("type")
    if kind == "array":
        return [example(schema["items"], components)] if "items" in schema else []
    if kind == "object":
        return {}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind or ""))


def _object(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", [])
    return {
        name: example(field, components, name)
        for name, field in schema["properties"].items()
        if name in required
    }


def _is_object(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and "additionalProperties" not in schema

"""The JSON Schema 2020-12 of each event's message, for consumers to validate or generate from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.banking.events.message import SCHEMA_VERSION
from chalicelib.banking.events.message_models import MESSAGES, MessageHeaders
from fintegrate.openapi.examples import example, without_facts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAJOR = SCHEMA_VERSION.partition(".")[0]


def message_schema(event_type: str) -> dict[str, Any]:
    """The schema of one event's body, complete in itself."""
    schema = MESSAGES[event_type].model_json_schema()
    return {
        "$schema": DIALECT,
        "$id": f"urn:fintegrate:message:{event_type}:{MAJOR}",
        "title": event_type,
        **without_facts(_untitled(schema)),
        "examples": [example(schema, schema["$defs"])],
    }


def component_schemas() -> dict[str, Any]:
    """All bodies and the headers as components of one document."""
    return {name: without_facts(_untitled(d)) for name, d in generated_schemas().items()}


def generated_schemas() -> dict[str, Any]:
    """The same as pydantic generates them, with the examples of all fields."""
    models: list[type[BaseModel]] = [*MESSAGES.values(), MessageHeaders]
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """Without pydantic's titles, which repeat the names."""
    kept = {name: value for name, value in schema.items() if name != "title"}
    for group in ("properties", "$defs"):
        if group in kept:
            kept[group] = {name: _untitled(part) for name, part in kept[group].items()}
    return kept

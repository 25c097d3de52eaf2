"""Makes examples from generated schemas, and removes the facts of `Described` from them.

An example is the schema's own or that of the field's `Described`, otherwise a value that the schema
allows. It has required fields only. Of a model that needs at least one of some fields these are the
fields of its first alternative.
"""

from __future__ import annotations

from typing import Any

from fintegrate.http.validation import DESCRIBED

_ID = "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809"
_TIME = "2026-01-15T09:30:00.000000+00:00"
_BY_FORMAT = {"uuid": _ID, "date-time": _TIME, "date": _TIME[:10]}
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": False}


def example(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A value that the schema allows; references are looked up in `components`.

    Both must be as pydantic generates them, because `published` removes the facts.
    """
    if "$ref" in schema:
        return example(components[schema["$ref"].rpartition("/")[2]], components)
    if schema.get("examples"):
        return schema["examples"][0]
    if "properties" in schema:
        return _object(schema, components)
    facts = _facts(schema)
    if facts is not None:
        return facts["example"]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], components)
    return _plain(schema, components)


def published(definition: dict[str, Any]) -> dict[str, Any]:
    """The schema of a model as the document shows it.

    Leaves out pydantic's titles, which repeat the names, and gives each field its description.
    """
    kept = {key: value for key, value in definition.items() if key != "title"}
    if "properties" in kept:
        fields = kept["properties"].items()
        kept["properties"] = {name: _described(field) for name, field in fields}
    return dict(without_facts(kept))


def without_facts(node: Any) -> Any:
    """The same schema without the facts of `Described`, at any depth."""
    if isinstance(node, dict):
        return {key: without_facts(value) for key, value in node.items() if key != DESCRIBED}
    return [without_facts(entry) for entry in node] if isinstance(node, list) else node


def _described(field: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in field.items() if key != "title"}
    facts = _facts(field)
    if facts is not None:
        kept.setdefault("description", facts["description"])
    return kept


def _facts(field: dict[str, Any]) -> dict[str, Any] | None:
    """The facts of `Described` for a field, or for its type other than null."""
    kinds = [field, *field.get("anyOf", [])]
    return next((kind[DESCRIBED] for kind in kinds if DESCRIBED in kind), None)


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
    alternative = schema.get("anyOf", [{}])[0]
    required = [*schema.get("required", []), *alternative.get("required", [])]
    return {
        name: example(field, components)
        for name, field in schema["properties"].items()
        if name in required
    }

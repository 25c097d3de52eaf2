"""A message's body as XML: the same facts as in JSON, for consumers that asked for it.

The root is named after the event's type, an element after each field. What XML 1.0 cannot hold (control
characters, lone surrogates) is written as JSON, and its element says `encoding="json"`. Fields that the
models do not have come last, in a namespace of their own: so a document with them still fits the schema
of the version before. Leaves to others what a message says (`message`), and the schema, which is made
from the same models (`local.banking.documents`).
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

from pydantic import BaseModel

from chalicelib.banking.events.message_models import CALLS

NAMESPACE = "urn:fintegrate:message:1"
"""Ends with the major version of the messages' schema."""
ADDED = f"{NAMESPACE}:added"
"""The namespace of fields that minor versions add."""
_HOLDS = re.compile(r"[\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]*").fullmatch
"""Matches a text of characters that XML 1.0 may hold (https://www.w3.org/TR/xml/#charsets)."""
_NAME = re.compile(r"(?!xml)[a-z_][a-z0-9_]*").fullmatch


def as_xml(body: Mapping[str, Any]) -> bytes:
    """Encode the body of a message, which has the fields of JSON, in UTF-8.

    Raises:
        ValueError: a field's name is none of ours.
    """
    event_type = body["event_type"]
    fields = _fields(body, CALLS[event_type])
    root = f'<{event_type} xmlns="{NAMESPACE}">{fields}</{event_type}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'.encode()


@cache
def _known(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """A model's fields in order, and the models of those that have fields themselves."""
    annotations = {name: field.annotation for name, field in model.model_fields.items()}
    return {
        name: kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        for name, kind in annotations.items()
    }


def _fields(values: Mapping[str, Any], model: type[BaseModel]) -> str:
    known = _known(model)
    first = [
        _element(name, values[name], nested) for name, nested in known.items() if name in values
    ]
    added = [
        _element(name, value, None, f' xmlns="{ADDED}"')
        for name, value in values.items()
        if name not in known
    ]
    return "".join(first + added)


def _element(name: str, value: object, model: type[BaseModel] | None, namespace: str = "") -> str:
    if not _NAME(name):
        raise ValueError(f"{name!r} is no name of a field")
    if model is not None and isinstance(value, Mapping):
        return f"<{name}>{_fields(value, model)}</{name}>"
    if isinstance(value, str) and _HOLDS(value):
        return f"<{name}{namespace}>{_written(value)}</{name}>"
    if isinstance(value, bool | int):
        return f"<{name}{namespace}>{json.dumps(value)}</{name}>"
    return f'<{name}{namespace} encoding="json">{_written(json.dumps(value))}</{name}>'


def _written(text: str) -> str:
    """Parsers turn a plain carriage return into a line feed."""
    return escape(text, quote=False).replace("\r", "&#13;")

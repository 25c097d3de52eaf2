"""The XML Schema of all messages, for consumers that have chosen XML, made from the messages' models.

XML Schema 1.0, because few validators know 1.1. Fields that a minor version adds stand in a namespace of
their own, so that this schema takes them, too. How a message is written is in
`chalicelib.banking.events.message_xml`.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from pydantic.json_schema import models_json_schema

from chalicelib.banking.events.message_models import CALLS
from chalicelib.banking.events.message_xml import NAMESPACE
from fintegrate.http.validation import DESCRIBED

XS = "http://www.w3.org/2001/XMLSchema"
HEAD = """\
The messages of Fintegrate in XML. The root is named after the event's type; webhook_test is a test call
of your server. A text that XML cannot hold is written as JSON, with its quotes, and its element says
encoding="json". Ignore elements that you do not know; their namespace is not this one."""
UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def messages_xsd() -> str:
    """The whole schema."""
    register_namespace("xs", XS)
    root = Element(
        f"{{{XS}}}schema",
        {"xmlns": NAMESPACE, "targetNamespace": NAMESPACE, "elementFormDefault": "qualified"},
    )
    _annotate(root, HEAD)
    for event_type, model in CALLS.items():
        _add(root, "element", name=event_type, type=model.__name__)
    _, generated = models_json_schema(
        [(model, "validation") for model in CALLS.values()], ref_template="{model}"
    )
    for name, definition in sorted(generated["$defs"].items()):
        _type(root, name, definition)
    _text(root)
    indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declaration + tostring(root, encoding="unicode") + "\n"


def _type(root: Element, name: str, definition: dict[str, Any]) -> None:
    """The type of one model: its fields in order, then those that nobody knows yet."""
    made = _add(root, "complexType", name=name)
    _annotate(made, definition["description"])
    fields = _add(made, "sequence")
    for field, said in definition.get("properties", {}).items():
        _field(fields, field, said, is_required=field in definition.get("required", ()))
    _add(
        fields,
        "any",
        namespace="##other",
        processContents="lax",
        minOccurs="0",
        maxOccurs="unbounded",
    )


def _field(fields: Element, name: str, said: dict[str, Any], *, is_required: bool) -> None:
    element = _add(fields, "element", name=name, **({} if is_required else {"minOccurs": "0"}))
    _annotate(element, said.get("description") or said.get(DESCRIBED, {}).get("description"))
    match said:
        case {"$ref": model}:
            element.set("type", model)
        case {"const": value}:
            _restrict(element, "xs:string", ("enumeration", value))
        case {"enum": values}:
            _restrict(element, "xs:string", *(("enumeration", value) for value in values))
        case {"type": "string", "pattern": pattern}:
            # A pattern of XML Schema is for the whole value.
            _restrict(
                element, "xs:string", ("pattern", pattern.removeprefix("^").removesuffix("$"))
            )
        case {"type": "string", "format": "uuid"}:
            _restrict(element, "xs:string", ("pattern", UUID))
        case {"type": "string", "format": "date-time"}:
            element.set("type", "xs:dateTime")
        case {"type": "string"} if "format" not in said:
            _bound(element, said.get("minLength", 0))
        case {"type": "boolean"}:
            element.set("type", "xs:boolean")
        case {"type": "integer", "minimum": least}:
            _restrict(element, "xs:integer", ("minInclusive", str(least)))
        case _:
            raise NotImplementedError(f"{name}: say here how {said} is described")


def _bound(element: Element, shortest: int) -> None:
    """A text. The greatest length cannot be told: that of the text as JSON is another one."""
    if not shortest:
        element.set("type", "Text")
        return
    content = _add(_add(element, "complexType"), "simpleContent")
    _add(_add(content, "restriction", base="Text"), "minLength", value=str(shortest))


def _text(root: Element) -> None:
    made = _add(root, "complexType", name="Text")
    extended = _add(_add(made, "simpleContent"), "extension", base="xs:string")
    _restrict(_add(extended, "attribute", name="encoding"), "xs:string", ("enumeration", "json"))


def _restrict(element: Element, base: str, *facets: tuple[str, str]) -> None:
    restriction = _add(_add(element, "simpleType"), "restriction", base=base)
    for facet, value in facets:
        _add(restriction, facet, value=value)


def _annotate(element: Element, words: str | None) -> None:
    if words:
        _add(_add(element, "annotation"), "documentation").text = words


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, f"{{{XS}}}{tag}", attributes)

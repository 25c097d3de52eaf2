"""Any message becomes XML that fits the schema, and the same message again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from xmlschema import XMLSchema10, XMLSchemaValidationError

from chalicelib.banking.events.message_models import MESSAGES
from chalicelib.banking.events.message_xml import ADDED, as_xml
from local.banking.consumer.messages import parse_event
from local.banking.consumer.xml_messages import read_fields
from local.banking.documents.message_xsd import messages_xsd

CUSTOMER = "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10"
XML_CANNOT = "\x00\x1f\ufffe\uffff\ud800"
PARSERS_CHANGE = " \r\n\t\r &<>]]>\"' "
MOST_BYTES = 4 * 1024

any_text = st.text(st.characters(), max_size=255)
"""Surrogates and control characters included."""
some_id = st.uuids().map(str)
count = st.integers(1, 2**63 - 1)
time = st.datetimes().map(lambda at: f"{at.isoformat(timespec='microseconds')}+00:00")
consumer = st.fixed_dictionaries(
    {"consumer_id": some_id, "consumer_name": st.from_regex(r"\A[a-z0-9_]{1,64}\Z")}
)
whatever = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
added = st.dictionaries(st.from_regex(r"\Anew_[a-z0-9_]{0,20}\Z"), whatever, max_size=3)


@st.composite
def messages(draw: st.DrawFn, text: st.SearchStrategy[str] = any_text) -> dict[str, Any]:
    """A message of this version; `text` makes what is free in it."""
    event_type = draw(st.sampled_from(sorted(MESSAGES)))
    customer = st.fixed_dictionaries(
        {
            "customer_id": some_id,
            "name": text.filter(bool),
            "status": st.sampled_from(["ACTIVE", "INACTIVE"]),
        }
    )
    metadata = st.fixed_dictionaries(
        {"created_at": time, "sequence": count, "source_service": text},
        optional={"epoch": count, "late": st.booleans()},
    )
    return {
        "schema_version": "1.0",
        "event_id": draw(some_id),
        "event_type": event_type,
        "data": draw(consumer if event_type == "consumer_created" else customer),
        "metadata": draw(metadata),
    }


@st.composite
def later_messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of a later minor version, with further fields on each level."""
    message = draw(messages())
    parts = {part: {**message[part], **draw(added)} for part in ("data", "metadata")}
    return {**draw(added), **message, **parts, "schema_version": "1.7"}


@pytest.fixture(scope="module")
def schema() -> XMLSchema10:
    """Version 1.0 of XML Schema, which refuses what is ambiguous."""
    return XMLSchema10(messages_xsd())


def created(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": "1.0",
        "event_id": "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809",
        "event_type": "customer_creation",
        "data": {"customer_id": CUSTOMER, "name": "Ann", "status": "ACTIVE", **changes},
        "metadata": {
            "created_at": "2026-01-15T09:30:00.000000+00:00",
            "sequence": 1,
            "source_service": "POST: /customer/data",
            "epoch": 1,
        },
    }


def in_texts(value: Any, *, is_known: bool = True) -> Any:
    """What a reader gets: numbers as texts; what has no form in XML comes back through JSON."""
    if isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, dict) and is_known:
        return {
            name: in_texts(each, is_known=name in {"data", "metadata"})
            for name, each in value.items()
        }
    return value


@given(messages())
@example(created(name=XML_CANNOT))
@example(created(name=PARSERS_CHANGE))
@example(created(name='"\\ud800" &#0;'))
def test_any_message_survives_xml(schema: XMLSchema10, message: dict[str, Any]) -> None:
    body = as_xml(message)

    schema.validate(body)
    assert read_fields(body) == in_texts(message)


@given(messages(st.text(max_size=255)))
def test_readers_find_the_same_facts(message: dict[str, Any]) -> None:
    """No reader of ours takes lone surrogates, from JSON neither, so here are none."""
    body, model = as_xml(message), MESSAGES[message["event_type"]]

    assert model.model_validate(read_fields(body)) == model.model_validate(message)
    from_json = parse_event(json.dumps(message).encode(), {})
    assert parse_event(body, {}, "application/xml; charset=utf-8") == from_json


@given(later_messages())
def test_schema_takes_later_minor_versions(schema: XMLSchema10, message: dict[str, Any]) -> None:
    body = as_xml(message)

    schema.validate(body)
    assert read_fields(body) == in_texts(message)


def test_added_fields_have_their_namespace() -> None:
    assert f'<shard xmlns="{ADDED}">4</shard>'.encode() in as_xml({**created(), "shard": 4})


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "GONE"},
        {"customer_id": "nobody"},
        {"name": ""},
    ],
)
def test_schema_refuses_other_facts(schema: XMLSchema10, changes: dict[str, str]) -> None:
    with pytest.raises(XMLSchemaValidationError):
        schema.validate(as_xml(created(**changes)))


def test_schema_knows_types_apart(schema: XMLSchema10) -> None:
    deletion = as_xml(created()).replace(b"<customer_creation ", b"<customer_deletion ")
    deletion = deletion.replace(b"</customer_creation>", b"</customer_deletion>")

    with pytest.raises(XMLSchemaValidationError):
        schema.validate(deletion)


@pytest.mark.parametrize("character", ["\x00", "\U0001f600", "&", '"'])
def test_longest_message_has_its_bound(character: str) -> None:
    """One character that XML cannot hold makes all others be written as JSON."""
    longest = created(name="\x01" + 254 * character)

    assert len(as_xml(longest)) < MOST_BYTES


@pytest.mark.parametrize("name", ["a b", "a>", "xmlns", "", "1st", "Ä"])
def test_strange_field_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a field"):
        as_xml({**created(), name: 1})

"""The published schema of each type takes what the code takes, and the documents hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.appevents.envelope import read
from chalicelib.appevents.events.catalogue import CLIENT, TYPES, read_by
from chalicelib.appevents.topology import services
from fintegrate.messaging.inbox import Rejected
from fintegrate.messaging.queue_function import QueueMessage
from local.appevents.documents.asyncapi import asyncapi_document
from local.appevents.documents.event_schemas import event_schema

each_type = pytest.mark.parametrize("event_type", TYPES)
CLIENTS_FIELDS = ("event_type", "client_generated_id", "timestamp", "data")


def wrong_values(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The event with one wrong value, for each field of its data."""
    for name, value in event["data"].items():
        wrong: object = "text" if isinstance(value, dict) else {}
        yield name, {**event, "data": {**event["data"], name: wrong}}


def message(event: dict[str, Any]) -> QueueMessage:
    return QueueMessage(json.dumps(event).encode(), {}, None, False, "app.any")


@each_type
def test_schema_takes_its_example(event_type: str) -> None:
    schema = event_schema(event_type)
    Draft202012Validator.check_schema(schema)
    (example,) = schema["examples"]

    Draft202012Validator(schema).validate(example)
    Draft202012Validator(schema).validate(
        {**example, "new": 1, "data": {**example["data"], "n": 1}}
    )


@each_type
def test_schema_refuses_a_wrong_value(event_type: str) -> None:
    schema = event_schema(event_type)
    for name, event in wrong_values(schema["examples"][0]):
        assert not Draft202012Validator(schema).is_valid(event), name
    other = {**schema["examples"][0], "schema_version": "2.0.0"}
    assert not Draft202012Validator(schema).is_valid(other)


@pytest.mark.parametrize("event_type", [n for n, each in TYPES.items() if each.told_by == CLIENT])
def test_client_may_leave_out_the_rest(event_type: str) -> None:
    schema = event_schema(event_type)
    (example,) = schema["examples"]

    Draft202012Validator(schema).validate({name: example[name] for name in CLIENTS_FIELDS})


@each_type
def test_code_takes_what_the_schema_takes(event_type: str) -> None:
    (example,) = event_schema(event_type)["examples"]

    assert read(message(example)).kind == event_type
    for name, event in wrong_values(example):
        with pytest.raises(Rejected, match=rf"data: {name}"):
            read(message(event))


@pytest.mark.parametrize(
    "event_type",
    ["program.updated", "workout.updated", "user.settings.submitted", "app.settings.submitted"],
)
def test_schema_wants_one_of_them(event_type: str) -> None:
    schema = event_schema(event_type)
    (example,) = schema["examples"]
    needed = [name for each in schema["properties"]["data"]["anyOf"] for name in each["required"]]
    rest = {name: value for name, value in example["data"].items() if name not in needed}

    for data in (rest, *({**rest, name: None} for name in needed)):
        event = {**example, "data": data}
        assert Draft202012Validator(schema).is_valid(event) == takes(event), data
    assert not takes({**example, "data": rest})


def takes(event: dict[str, Any]) -> bool:
    """Whether the code takes the event."""
    try:
        read(message(event))
    except Rejected:
        return False
    return True


def test_document_names_every_queue_and_type() -> None:
    document = asyncapi_document()
    channels = document["channels"]

    assert document["components"]["messages"].keys() == TYPES.keys()
    for service in services():
        assert channels[f"app_{service}"]["x-routing-keys"] == read_by(service)
        assert f"app_{service}_dlq" in channels
    for reference in references(document):
        if reference.startswith("#/"):
            found = document
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)

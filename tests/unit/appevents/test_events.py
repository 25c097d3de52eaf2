"""Every type of event takes its example, and refuses one wrong value per field."""

from __future__ import annotations

import copy
import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from chalicelib.appevents.events.catalogue import TYPES, model_of

FOLDER = "tests.unit.appevents.examples"


def _of(event_type: str, table: str) -> Any:
    """What the examples' module of a type's model has for it; None if it has nothing yet."""
    module = f"{FOLDER}.{TYPES[event_type].model.partition('.')[0]}"
    if find_spec(module) is None:
        return None
    return getattr(import_module(module), table).get(event_type)


KNOWN = [name for name in TYPES if _of(name, "EXAMPLES") is not None]
WRONG = [
    pytest.param(name, field, value, id=f"{name}-{field}")
    for name in KNOWN
    for field, value in (_of(name, "WRONG") or {}).items()
]


def read(event_type: str, data: Any) -> dict[str, Any]:
    text = json.dumps(data)
    return model_of(event_type).model_validate_json(text, strict=True).model_dump(mode="json")


def replaced(data: Any, path: list[str | int], value: Any) -> Any:
    changed = copy.deepcopy(data)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def test_no_type_lacks_an_example() -> None:
    assert sorted(set(TYPES) - set(KNOWN)) == []


@pytest.mark.parametrize("event_type", KNOWN)
def test_example_is_taken(event_type: str) -> None:
    example = _of(event_type, "EXAMPLES")

    assert read(event_type, example).keys() >= example.keys()
    Draft202012Validator(model_of(event_type).model_json_schema()).validate(example)


@pytest.mark.parametrize("event_type", KNOWN)
def test_every_field_has_a_wrong_value(event_type: str) -> None:
    assert set(model_of(event_type).model_fields) <= set(_of(event_type, "WRONG"))


@pytest.mark.parametrize(("event_type", "field", "value"), WRONG)
def test_wrong_value_is_refused(event_type: str, field: str, value: Any) -> None:
    path = [int(step) if step.isdigit() else step for step in field.split(".")]

    with pytest.raises(ValidationError) as refused:
        read(event_type, replaced(_of(event_type, "EXAMPLES"), path, value))

    assert {error["loc"][: len(path)] for error in refused.value.errors()} == {tuple(path)}


NULLS = [
    pytest.param(name, field, id=f"{name}-{field}")
    for name in KNOWN
    for field in model_of(name).model_fields
]


@pytest.mark.parametrize(("event_type", "field"), NULLS)
def test_null_is_taken_or_refused(event_type: str, field: str) -> None:
    taken = model_of(event_type).model_json_schema()["properties"][field]
    data = {**_of(event_type, "EXAMPLES"), field: None}

    if {"type": "null"} in taken.get("anyOf", []):
        assert read(event_type, data)[field] is None
    else:
        with pytest.raises(ValidationError):
            read(event_type, data)


def test_only_news_answers_no_event() -> None:
    """What notification reads is the outcome of a client's event, or news."""
    news = {name for name, each in TYPES.items() if each.is_news}

    assert news == {"feed.post.created", "media.failed", "workout.reminder_due"}
    assert all("notification" in TYPES[name].read_by for name in news)


@pytest.mark.parametrize("event_type", KNOWN)
def test_unknown_field_is_refused(event_type: str) -> None:
    with pytest.raises(ValidationError, match="more"):
        read(event_type, {**_of(event_type, "EXAMPLES"), "more": 1})


def _required(event_type: str) -> set[str]:
    fields = model_of(event_type).model_fields
    return {name for name, field in fields.items() if field.is_required()}


@pytest.mark.parametrize("event_type", [name for name in KNOWN if _required(name)])
def test_required_fields_are_missed(event_type: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(event_type, {})

    assert {error["loc"][0] for error in refused.value.errors()} == _required(event_type)


@pytest.mark.parametrize("event_type", ["user.settings.submitted", "app.settings.submitted"])
def test_settings_must_name_one(event_type: str) -> None:
    with pytest.raises(ValidationError, match="at least one of"):
        read(event_type, {})

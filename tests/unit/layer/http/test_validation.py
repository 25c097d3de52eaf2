"""What is wrong with a request, in our words: never in the framework's."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from pydantic_core import ErrorDetails
from pydantic_core._pydantic_core import list_all_errors

from fintegrate.errors import BadRequest, Invalid
from fintegrate.http.validation import (
    Instant,
    Printable,
    RequestModel,
    Text,
    either,
    not_blank,
    sentences,
    validate_json,
    validate_strings,
)

FRAMEWORKS_WORDS = re.compile(
    r"input should|should (be|have)|valid (string|integer|dictionary|list|UUID)|not permitted|"
    r"field required|value error|unable to|pydantic|assertion failed|instance of|errors\.",
    re.IGNORECASE,
)
ERRORS = {str(error["type"]): error for error in list_all_errors()}


class Everything(RequestModel):
    """A field of every kind that our models use."""

    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"
    kind: Literal["received", "processed", "failed"] = "failed"
    name: Annotated[Text, StringConstraints(max_length=10)] = "x"
    note: Printable = ""
    code: Annotated[str, Field(pattern="^[a-z]{1,3}$")] = "a"
    id: uuid.UUID | None = None
    count: Annotated[int, Field(ge=1, le=5)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    flag: bool = False
    at: Instant | None = None
    words: Annotated[list[Text], Field(min_length=1, max_length=2)] = ["x"]  # noqa: RUF012
    api_key: str = ""
    since: (
        Annotated[uuid.UUID | Instant, either(uuid.UUID | Instant, "must be a time or an id")]
        | None
    ) = None


class Needed(RequestModel):
    """Two fields that must be there."""

    customer_id: uuid.UUID
    tag_key: Text


def refusal(model: type[BaseModel], **fields: object) -> str:
    with pytest.raises(Invalid) as error:
        validate_json(model, json.dumps(fields))
    return error.value.description


def test_the_contracts_own_sentence() -> None:
    assert refusal(Everything, status="japapa") == (
        "status: must be ACTIVE or INACTIVE, got 'japapa'"
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        ("2026-01-15 09:30:00+01:00", datetime(2026, 1, 15, 8, 30, tzinfo=UTC)),
        (None, None),
    ],
)
def test_either_type_is_read(text: str | None, read: object) -> None:
    assert validate_json(Everything, json.dumps({"since": text})).since == read


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("since", "x", "since: must be a time or an id"),
        ("since", 1_700_000_000, "since: must be a time or an id"),
        ("status", None, "status: must be ACTIVE or INACTIVE, got None"),
        ("status", ["ACTIVE"], "status: must be ACTIVE or INACTIVE, got ['ACTIVE']"),
        ("kind", "lost", "kind: must be received, processed or failed, got 'lost'"),
        ("name", "", "name: must have at least 1 character(s), got 0"),
        ("name", "x" * 11, "name: must have at most 10 characters, got 11"),
        ("name", " \u2003", "name: must not be blank"),
        ("name", "a\x00b", "name: must not contain control characters"),
        ("name", "a\nb", "name: must not contain control characters"),
        ("name", "a\x85b", "name: must not contain control characters"),
        ("name", "\u200b", "name: must not be blank"),
        ("name", "\u3164\u2800 ", "name: must not be blank"),
        ("name", "\U000e0041", "name: must not be blank"),
        ("name", "a\u202eb",
         "name: must not contain characters that change the direction of text"),
        ("note", "\u2067",
         "note: must not contain characters that change the direction of text"),
        ("words", ["\ufeff"], "words[0]: must not be blank"),
        ("name", 7, "name: must be a string, got 7"),
        ("name", None, "name: must be a string, got None"),
        ("name", {"a": 1}, "name: must be a string, got {'a': 1}"),
        ("note", "\x7f", "note: must not contain control characters"),
        ("code", "ABC", "code: must match ^[a-z]{1,3}$, got 'ABC'"),
        ("code", "abc\n", "code: must match ^[a-z]{1,3}$, got 'abc\\n'"),
        ("id", "me", "id: must be a UUID, got 'me'"),
        ("id", 7, "id: must be a UUID, got 7"),
        ("count", 0, "count: must be at least 1, got 0"),
        ("count", 6, "count: must be at most 5, got 6"),
        ("count", "1", "count: must be a whole number, got '1'"),
        ("count", 1.0, "count: must be a whole number, got 1.0"),
        ("count", True, "count: must be a whole number, got True"),
        ("count", 10**30, "count: must be at most 5, got 1000000000000000000000000000000"),
        ("share", 0, "share: must be greater than 0.0, got 0"),
        ("share", 1, "share: must be less than 1.0, got 1"),
        ("share", "x", "share: must be a number, got 'x'"),
        ("flag", "true", "flag: must be true or false, got 'true'"),
        ("flag", 1, "flag: must be true or false, got 1"),
        ("at", "2026-01-02T03:04:05", ("at: must be an ISO 8601 time with offset, "
                                      "got '2026-01-02T03:04:05'")),
        ("at", "soon", "at: must be an ISO 8601 time with offset, got 'soon'"),
        ("at", 5, "at: must be an ISO 8601 time with offset, got 5"),
        ("at", "9999-12-31T23:59:59-01:00",
         "at: must be a time between the years 1 and 9999 in UTC"),
        ("words", [], "words: must have at least 1 entries"),
        ("words", ["a", "b", "c"], "words: must have at most 2 entries"),
        ("words", "a", "words: must be a list, got 'a'"),
        ("words", {"0": "a"}, "words: must be a list, got {'0': 'a'}"),
        ("words", ["a", 1], "words[1]: must be a string, got 1"),
        ("words", ["a", "\x00"], "words[1]: must not contain control characters"),
        ("unknown", 1, "unknown: is not a known field"),
    ],
)  # fmt: skip
def test_wrong_field_is_explained(field: str, value: object, sentence: str) -> None:
    assert refusal(Everything, **{field: value}) == sentence


@pytest.mark.parametrize("category", ["Cf", "Zs", "Zl", "Zp", "Cc"])
def test_what_shows_nothing_is_blank(category: str) -> None:
    characters = map(chr, range(sys.maxunicode + 1))
    unseen = [one for one in characters if unicodedata.category(one) == category]

    assert [hex(ord(one)) for one in unseen if not _refused(one)] == []


def _refused(text: str) -> bool:
    try:
        not_blank(text)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    "text",
    ["José", "O'Hara", "李", "\u05d0\u05d1\u200f", "\u0646\u0647\u200c\u0627\u06cc",
     "e\u0301", "\U0001f469\u200d\U0001f4bb", "\U0001f3f4\U000e0067\U000e007f", "\u1112\u1161",
     "❤\ufe0f", "𝄞"],
)  # fmt: skip
def test_names_of_all_scripts_are_taken(text: str) -> None:
    schema = TypeAdapter(Text).json_schema()

    assert validate_json(Everything, json.dumps({"name": text})).name == text
    assert re.search(schema["pattern"], text)


def test_every_wrong_field_has_its_sentence() -> None:
    assert refusal(Needed, tag_key="", more=1) == (
        "customer_id: is required; tag_key: must have at least 1 character(s), got 0; "
        "more: is not a known field"
    )


def test_long_values_and_names_are_shortened() -> None:
    assert len(refusal(Everything, status="x" * 10_000)) < 150
    assert len(refusal(Everything, **{"x" * 10_000: 1})) < 150


@pytest.mark.parametrize("value", [7, ["fk_secret"], {"k": "fk_secret"}, None])
def test_secret_field_is_never_shown_back(value: object) -> None:
    assert refusal(Everything, api_key=value) == "api_key: must be a string"


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "{'a': 1}", '{"a": 1,}', "{} {}", '{"a": "\\ud800"}',
     '{"a": "\x00"}', '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}", '{"a": ' + "9" * 5_000 + "}"],
)  # fmt: skip
def test_malformed_json_is_bad_request(text: str) -> None:
    with pytest.raises(BadRequest, match=r"^The body is not valid JSON; send a JSON object$"):
        validate_json(Everything, text)


@pytest.mark.parametrize("text", ["[]", "null", "true", "7", "NaN", '"x"', "[{}]"])
def test_json_must_be_an_object(text: str) -> None:
    with pytest.raises(BadRequest, match=r"^The body is not a JSON object; "):
        validate_json(Everything, text)


def test_parameters_are_read_from_their_text() -> None:
    read = validate_strings(Everything, {"count": "5", "flag": "true", "id": str(uuid.UUID(int=1))})

    assert (read.count, read.flag, read.id) == (5, True, uuid.UUID(int=1))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"count": "many"}, "count: must be a whole number, got 'many'"),
        ({"count": ""}, "count: must be a whole number, got ''"),
        ({"count": "9" * 5_000}, None),
        ({"count": "1.5"}, "count: must be a whole number, got '1.5'"),
        ({"flag": "maybe"}, "flag: must be true or false, got 'maybe'"),
        ({"id": "me"}, "id: must be a UUID, got 'me'"),
        ({"at": "soon"}, "at: must be an ISO 8601 time with offset, got 'soon'"),
        ({"words": "a"}, "words: must be a list, got 'a'"),
        ({"unknown": "1"}, "unknown: is not a known field"),
        ({"status": "japapa"}, "status: must be ACTIVE or INACTIVE, got 'japapa'"),
    ],
)
def test_wrong_parameter_is_explained(parameters: dict[str, str], sentence: str | None) -> None:
    with pytest.raises(Invalid) as error:
        validate_strings(Everything, parameters)

    assert sentence is None or error.value.description == sentence
    assert len(error.value.description) < 150


@given(st.datetimes(timezones=st.timezones()))
def test_any_instant_becomes_utc(at: datetime) -> None:
    text = at.isoformat()
    try:
        read = validate_json(Everything, json.dumps({"at": text})).at
    except Invalid:
        return  # an offset with seconds, or a moment outside of the calendar
    assert read == datetime.fromisoformat(text)
    assert read is not None
    assert read.isoformat().endswith("+00:00")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(sorted(Everything.model_fields)) | st.text(max_size=5),
        json_values,
        max_size=4,
    )
)
def test_any_object_is_handled(fields: dict[str, object]) -> None:
    try:
        validate_json(Everything, json.dumps(fields))
    except Invalid as error:
        own = re.sub(r", got .*?(; |$)|^[^:]*", "", error.description)  # what the caller wrote
        assert not FRAMEWORKS_WORDS.search(own)
    except BadRequest:
        pass  # NaN, and half of a character


@pytest.mark.parametrize("kind", ERRORS)
def test_framework_errors_are_never_shown(kind: str) -> None:
    """Also those that no model of ours can give today."""
    raw: Any = ERRORS[kind]
    context = {
        name: _plausible(value) for name, value in (raw.get("example_context") or {}).items()
    }
    error = ErrorDetails(
        type=kind, loc=("field",), msg=str(raw["message_template_python"]), input="x", ctx=context
    )

    sentence = sentences([error])

    assert sentence.startswith("field: ")
    assert len(sentence) > len("field: ")
    assert not FRAMEWORKS_WORDS.search(sentence)
    assert str(raw["message_template_python"]).split("{")[0].strip() not in sentence or (
        raw["message_template_python"].startswith("{")
    )


def _plausible(value: object) -> object:
    return "something" if value in ("", None) else value

"""Validation: the base of every request model, its text types, and the sentences of errors.

The answer to an invalid request names every wrong field and what was expected, joined by `; `. The
sentences are ours, not a framework's. They show a value shortened and escaped, but never a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails

from fintegrate.errors import BadRequest, Invalid

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

SECRET_FIELDS = frozenset({"access_token", "api_key", "credentials", "key", "passcode", "upload"})
_SHOWN = 60
_MOST_SENTENCES = 50
"""Keeps the answer short, because a request may have any number of wrong fields."""


class RequestModel(BaseModel):
    """The base of every request: unknown fields are refused, and values are not converted.

    A module of models must not import `annotations` from `__future__`: pydantic would have to compile
    each annotation from its text, a tenth of the models' share of a cold start.
    """

    # Built when first used: a cold start needs the models of one endpoint only.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


DESCRIBED = "x-described"
"""The key of `Described`'s facts in a generated schema; `fintegrate.openapi` removes it."""


class Described:
    """What a field means, with an example, for the API document: `Annotated[UUID, Described(…)]`.

    Requests and answers use it, and it validates nothing. With pydantic's `Field(description=,
    examples=)` every schema would repeat the examples, which the document shows in whole requests and
    answers. The description of a nullable field would also end up inside its `anyOf`. An optional
    field needs an example only where answers have it; the example None is null.
    """

    __slots__ = ("example", "text")

    def __init__(self, text: str, example: object) -> None:
        self.text = text
        self.example = example

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        facts = {"description": self.text, "example": self.example}
        return {**handler(core_schema), DESCRIBED: facts}


# Classes of characters, as parts of a regular expression that Python and ECMAScript read alike.
_CC = r"\x00-\x1f\x7f-\x9f"
"""Control characters (Unicode category Cc)."""
_BIDI = r"\u202a-\u202e\u2066-\u2069"
"""Embeddings, overrides and isolates (UAX #9, section 2): they show text in another order."""
_UNSEEN = (
    r"\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb"
)
"""What shows nothing though it is no white space: the categories Cf and Default_Ignorable_Code_Point of
Unicode's first plane, and the blank of Braille."""
_UNSEEN_BEYOND = (
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""The same of the other planes; ECMAScript reads them only with a flag."""
_CONTROL = re.compile(f"[{_CC}]")
_REORDERS = re.compile(f"[{_BIDI}]")
_SHOWS = re.compile(rf"[^\s{_CC}{_UNSEEN}{_UNSEEN_BEYOND}]")


def printable(text: str) -> str:
    """Refuse NUL and every other control character, and what changes the direction of text."""
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    if _REORDERS.search(text):
        raise ValueError("must not contain characters that change the direction of text")
    return text


def not_blank(text: str) -> str:
    """Refuse text without a visible character."""
    if not _SHOWS.search(text):
        raise ValueError("must not be blank")
    return text


def in_utc(moment: datetime) -> datetime:
    """Convert to UTC, because Python allows offsets and times that PostgreSQL cannot return."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time between the years 1 and 9999 in UTC") from None


_ORDINARY = f"[^{_CC}{_BIDI}]"
_VISIBLE = rf"[^\s{_CC}{_UNSEEN}]"

Printable = Annotated[
    str, AfterValidator(printable), Field(json_schema_extra={"pattern": f"^{_ORDINARY}*$"})
]
"""Text without control and directional characters, possibly empty. The pattern only informs
readers of the schema."""
Text = Annotated[
    str,
    StringConstraints(min_length=1),
    AfterValidator(printable),
    AfterValidator(not_blank),
    Field(json_schema_extra={"pattern": f"^{_ORDINARY}*{_VISIBLE}{_ORDINARY}*$"}),
]
"""Text without control and directional characters, and with at least one visible character."""

Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time in ISO 8601 with offset, converted to UTC."""

M = TypeVar("M", bound=BaseModel)


def either(types: Any, sentence: str) -> PlainValidator:
    """For a field whose text is of one of several types: what to say when it is of none of them.

    Pydantic has an error for each type, and names the field in each by its own words.
    """

    @cache
    def adapter() -> TypeAdapter[Any]:
        return TypeAdapter(types)

    def check(value: object) -> object:
        with suppress(ValidationError):
            if isinstance(value, str):
                return adapter().validate_strings(value)
        raise ValueError(sentence)

    return PlainValidator(check, json_schema_input_type=types)


def validate_json(model: type[M], text: str) -> M:
    """Read a request from a JSON object; types are strict.

    Raises:
        BadRequest: it is not JSON, or not an object.
        Invalid: with a sentence for every wrong field.
    """
    return _validated(lambda: model.model_validate_json(text, strict=True))


def validate_strings(model: type[M], value: dict[str, str]) -> M:
    """Read a request from query parameters; each value is parsed from its text.

    Raises:
        Invalid: with a sentence for every wrong parameter.
    """
    return _validated(lambda: model.model_validate_strings(value))


def sentences(errors: list[ErrorDetails]) -> str:
    """Turn pydantic's errors into our sentences, one per field and only for the first fields."""
    told = [f"{_place(e['loc'])}: {_expectation(e)}{_got(e)}" for e in errors[:_MOST_SENTENCES]]
    untold = len(errors) - len(told)
    return "; ".join(told) + (f"; and {untold} more wrong fields" if untold else "")


def _validated(validate: Callable[[], M]) -> M:
    try:
        return validate()
    except ValidationError as error:
        errors = error.errors(include_url=False)
    if errors[0]["type"] == "json_invalid":
        raise BadRequest("The body is not valid JSON; send a JSON object")
    if errors[0]["type"] == "model_type":
        raise BadRequest("The body is not a JSON object; send fields and values in braces")
    raise Invalid(sentences(errors))


def _place(location: tuple[int | str, ...]) -> str:
    place = ""
    for step in location:
        place += (
            f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)[:_SHOWN]
        )
    return place or "request"


_EXPECTATIONS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "timezone_aware": "must be an ISO 8601 time with offset",
}
_FAMILIES = {
    "string": "must be a string",
    "uuid": "must be a UUID",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite": "must be a finite number",
    "bool": "must be true or false",
    "datetime": "must be an ISO 8601 time with offset",
    "date": "must be an ISO 8601 date",
    "timezone": "must be an ISO 8601 time with offset",
    "list": "must be a list",
    "dict": "must be an object",
    "model": "must be an object",
}
_WITHOUT_VALUE = {"missing", "extra_forbidden", "value_error", "too_short", "too_long"}


def _kind(error: ErrorDetails) -> str:
    """Pydantic's type of the error, corrected for text.

    If the length limit follows a validator, pydantic reports text that is too long as a list.
    """
    kind = error["type"]
    of_text = kind in {"too_short", "too_long"} and isinstance(error["input"], str)
    return f"string_{kind}" if of_text else kind


def _expectation(error: ErrorDetails) -> str:
    kind, context = _kind(error), error.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        return "must be " + str(context["expected"]).replace("'", "")
    if kind == "value_error":
        return str(context["error"])
    if kind in _EXPECTATIONS:
        return _EXPECTATIONS[kind].format(**context)
    return _FAMILIES.get(kind.split("_", maxsplit=1)[0], "is not valid")


def _got(error: ErrorDetails) -> str:
    kind, value = _kind(error), error["input"]
    if kind in _WITHOUT_VALUE or SECRET_FIELDS.intersection(map(str, error["loc"])):
        return ""
    if kind in {"string_too_short", "string_too_long"}:
        return f", got {len(value)}"
    shown = repr(value)
    return f", got {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}"

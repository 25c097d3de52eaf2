"""The shape of every answer."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from http import HTTPStatus

import pytest

from fintegrate.http.envelope import answer, crash, dumps, envelope, status_name

# RFC 9110 and its predecessors; 413 and 422 by the names that Python had before 3.13.
NAMES = {
    200: "OK",
    201: "CREATED",
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "REQUEST_ENTITY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_ENTITY",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


@pytest.mark.parametrize(("status", "name"), NAMES.items())
def test_status_has_its_name(status: int, name: str) -> None:
    assert status_name(status) == name


@pytest.mark.parametrize("status", HTTPStatus)
def test_statuses_are_upper_snake_case(status: HTTPStatus) -> None:
    assert status_name(status).replace("_", "").isalnum()
    assert status_name(status).upper() == status_name(status)


def test_success_has_the_contracts_shape() -> None:
    assert envelope(201, {"x": 1}) == {
        "data": {"x": 1},
        "detail": {
            "status_code": "201",
            "status_name": "CREATED",
            "status_description": "Success",
        },
    }


def test_answer_is_json_with_its_headers() -> None:
    response = answer(404, {}, "No such thing", {"Retry-After": "1"})

    assert response.status_code == 404
    assert response.headers == {"Content-Type": "application/json", "Retry-After": "1"}
    assert json.loads(response.body) == envelope(404, {}, "No such thing")


def test_error_may_have_a_reason() -> None:
    response = answer(403, {}, "Give the passcode", reason="feed_access_required")

    assert json.loads(response.body)["detail"] == {
        "status_code": "403",
        "status_name": "FORBIDDEN",
        "status_description": "Give the passcode",
        "reason": "feed_access_required",
    }


def test_crash_shows_only_its_reference() -> None:
    response = crash("ref-1")

    assert response.status_code == 500
    body = json.loads(response.body)
    assert body["data"] == {}
    assert body["detail"]["status_description"] == (
        "Something went wrong on our side; report reference ref-1 to support"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05.000000+00:00"'),
        (
            datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))),
            '"2026-01-02T01:04:05.000006+00:00"',
        ),
        (date(2026, 1, 2), '"2026-01-02"'),
        (uuid.UUID(int=10), '"00000000-0000-0000-0000-00000000000a"'),
        ({"name": "Łódź 漢"}, '{"name":"Łódź 漢"}'),
        ([1, None, True], "[1,null,true]"),
    ],
)
def test_values_follow_the_contract(value: object, text: str) -> None:
    assert dumps(value) == text


def test_broken_text_spares_the_answer() -> None:
    """Quotes and line breaks of a caller's value stay inside of their string."""
    response = answer(422, {}, 'name: got "\n}, "data": 1')

    assert json.loads(response.body)["data"] == {}


@pytest.mark.parametrize(
    "digits", ["80.79", "1200", "0.10", "12345678901234567890.123456789", "-0.5"]
)
def test_decimal_keeps_its_digits(digits: str) -> None:
    assert dumps({"value": Decimal(digits), "text": digits}) == (
        f'{{"value":{digits},"text":"{digits}"}}'
    )

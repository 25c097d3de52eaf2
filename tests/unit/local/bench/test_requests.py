"""Requests of measurements: their answers, and an error where one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from local.bench.requests import RequestRefused, answering, asking

EVENT = {"httpMethod": "GET", "path": "/books"}


def app_saying(status: int) -> Any:
    """An app that answers each request in the same way."""
    return lambda _event, _context: {"statusCode": status, "body": "words"}


def test_answer_is_passed_on() -> None:
    assert answering(app_saying(200), EVENT)() == "words"
    assert asking(app_saying(201), EVENT)()["statusCode"] == 201


@pytest.mark.parametrize("status", [304, 429, 500])
def test_refused_request_is_an_error(status: int) -> None:
    with pytest.raises(RequestRefused, match=f"GET /books: {status} words"):
        answering(app_saying(status), EVENT)()


def test_expected_status_is_no_error() -> None:
    assert asking(app_saying(304), EVENT, may_be=304)()["statusCode"] == 304

"""The tree of errors: complete, each with its own status, none with a secret place for one."""

from __future__ import annotations

import inspect

import pytest

from fintegrate import errors
from fintegrate.database import ConnectionLost
from fintegrate.errors import ApiError, TooManyRequests, Unavailable
from fintegrate.http.envelope import status_name

TREE = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "Conflict": 409,
    "Gone": 410,
    "PayloadTooLarge": 413,
    "UnsupportedMediaType": 415,
    "Invalid": 422,
    "TooManyRequests": 429,
    "Crash": 500,
    "BadGateway": 502,
    "GatewayTimeout": 504,
    "Unavailable": 503,
    "Busy": 503,
}
CLASSES = {
    name: found
    for name, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, ApiError) and found is not ApiError
}


def test_tree_is_the_contracts() -> None:
    assert {name: found.status for name, found in CLASSES.items()} == TREE


def test_docstring_shows_the_tree() -> None:
    drawn = [line.split() for line in (errors.__doc__ or "").splitlines() if "──" in line]

    assert {words[1]: int(words[2]) for words in drawn} == TREE


@pytest.mark.parametrize("name", TREE)
def test_error_has_sentence_and_status(name: str) -> None:
    error = TooManyRequests("why", 1) if name == "TooManyRequests" else CLASSES[name]("why")

    assert (str(error), error.description) == ("why", "why")
    assert status_name(error.status)


def test_limits_and_outages_give_retry_after() -> None:
    assert TooManyRequests("why", 7, {"X": "y"}).headers == {"Retry-After": "7", "X": "y"}
    assert int(Unavailable("why").headers["Retry-After"]) >= 1


def test_lost_connection_is_an_outage() -> None:
    assert ConnectionLost("why").status == 503

"""Query parameters of several values."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from chalice.app import Request as ChaliceRequest

from fintegrate.errors import Invalid
from fintegrate.http.requests import Request
from fintegrate.http.several import SEVERAL
from fintegrate.http.validation import RequestModel


class Wanted(RequestModel):
    many: Annotated[list[Literal["a", "b", "c"]] | None, SEVERAL] = None
    one: str | None = None


def request(**values: list[str]) -> Request:
    event = {
        "headers": {},
        "multiValueQueryStringParameters": values,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": "/", "identity": {}},
        "pathParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
    }
    return Request(ChaliceRequest(event))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["a"], ["a"]),
        (["a", "b"], ["a", "b"]),
        (["a,b"], ["a", "b"]),
        (["a,b", "c"], ["a", "b", "c"]),
    ],
)
def test_values_come_repeated_or_joined(given: list[str], meant: list[str]) -> None:
    assert request(many=given).parse(Wanted, 100).many == meant


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"many": ["a", "x"]}, "many[1]: must be a, b or c, got 'x'"),
        ({"many": [""]}, "many[0]: must be a, b or c, got ''"),
        ({"one": ["a", "b"]}, "one: is given 2 times, give it once"),
        ({"none": ["a", "b"]}, "none: is given 2 times, give it once"),
    ],
)
def test_other_values_are_refused(values: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        request(**values).parse(Wanted, 100)

    assert str(refused.value.description) == sentence

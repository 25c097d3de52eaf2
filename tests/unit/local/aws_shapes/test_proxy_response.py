from __future__ import annotations

import pytest

from local.aws_shapes.proxy_response import MalformedResponse, proxy_response


def test_whole_response_is_passed_on() -> None:
    response = proxy_response(
        {"statusCode": 201, "headers": {"X-One": "1"}, "multiValueHeaders": {}, "body": "ö"}
    )

    assert (response.status_code, response.body) == (201, "ö".encode())
    assert response.headers["x-one"] == "1"
    assert response.headers["content-type"] == "application/json"


def test_multiple_values_win_over_single_ones() -> None:
    response = proxy_response(
        {
            "statusCode": "200",
            "headers": {"Set-Cookie": "lost", "Content-Type": "text/html"},
            "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]},
            "body": None,
        }
    )

    assert response.headers.getlist("set-cookie") == ["a=1", "b=2"]
    assert response.headers["content-type"] == "text/html"


def test_base64_bodies_are_decoded() -> None:
    response = proxy_response({"statusCode": 200, "body": "/w==", "isBase64Encoded": True})

    assert response.body == b"\xff"


def test_the_connection_is_the_gateways_own() -> None:
    response = proxy_response(
        {"statusCode": 200, "headers": {"Content-Length": "999", "Connection": "x"}, "body": "ab"}
    )

    assert response.headers["content-length"] == "2"
    assert "connection" not in response.headers


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {},
        {"statusCode": None},
        {"statusCode": True},
        {"statusCode": "OK"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}},
        {"statusCode": 200, "headers": {"X": "ö"}},
    ],
)
def test_what_aws_refuses_is_refused(answer: object) -> None:
    with pytest.raises(MalformedResponse):
        proxy_response(answer)

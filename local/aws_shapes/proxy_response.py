"""Turns a function's proxy response into the HTTP response, refusing what AWS refuses.

The shape is AWS's: "Output format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from starlette.responses import Response

HOP_BY_HOP = ("connection", "content-length", "keep-alive", "transfer-encoding", "upgrade")
FORBIDDEN = re.compile(r"[\r\n\0]")


class MalformedResponse(ValueError):
    """What the function returned is no proxy response; the text says what is wrong with it."""


def proxy_response(answer: object) -> Response:
    """The HTTP response.

    Raises:
        MalformedResponse: the gateway of AWS would answer 502
    """
    if not isinstance(answer, dict):
        raise MalformedResponse(f"must be an object, is {type(answer).__name__}")
    response = Response(_body(answer), status_code=_status(answer))
    headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in _headers(answer)]
    if all(name != b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    response.raw_headers += headers
    return response


def _status(answer: dict[str, Any]) -> int:
    status = answer.get("statusCode")
    if isinstance(status, bool) or not str(status).isdigit() or not 200 <= int(str(status)) <= 599:
        raise MalformedResponse("statusCode must be a number from 200 to 599")
    return int(str(status))


def _headers(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Single and multiple values merged; where both have a name, the multiple ones count."""
    multiple = _object(answer, "multiValueHeaders")
    names = {name.lower() for name in multiple}
    single = {k: [v] for k, v in _object(answer, "headers").items() if k.lower() not in names}
    return [
        (name, _header_text(value))
        for name, values in {**single, **multiple}.items()
        for value in (values if isinstance(values, list) else [values])
        if name.lower() not in HOP_BY_HOP
    ]


def _object(answer: dict[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name) or {}
    if not isinstance(value, dict):
        raise MalformedResponse(f"{name} must be an object")
    return value


def _header_text(value: object) -> str:
    text = str(value)
    if FORBIDDEN.search(text) or not text.isascii():
        raise MalformedResponse("a header's value must be one line of ASCII")
    return text


def _body(answer: dict[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body must be a string")
    if not answer.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedResponse("body is not base64") from error

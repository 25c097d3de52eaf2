"""Calls the handlers in this process with real events, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalice import Chalice

from app import app as fintegrate
from local.aws_shapes.lambda_context import LambdaContext
from local.banking.client import Post
from local.banking.in_process import API_FUNCTION, SECONDS, api_event, json_event


class RequestRefused(Exception):
    """A measured request was not answered with 2xx, so the measurement would be wrong."""


def prepared(
    key: str, method: str, path: str, body: dict[str, Any], app: Chalice = fintegrate
) -> Callable[[], str]:
    """A call of the handler, ready to be timed. The event is made before; the answer is not read.

    Raises (when called):
        RequestRefused: the answer is not 2xx
    """
    event = json_event(key, method, path, body)
    context = LambdaContext(API_FUNCTION, SECONDS)

    def invoke() -> str:
        answer: dict[str, Any] = app(event, context)
        if answer["statusCode"] >= 300:
            raise RequestRefused(f"{method} {path}: {answer['statusCode']} {answer['body']}")
        return str(answer["body"])

    return invoke


def looking(
    key: str, path: str, query: Mapping[str, object], version: str = ""
) -> Callable[[], dict[str, Any]]:
    """A GET as the console's page makes it, ready to be timed; gives the gateway's answer.

    Args:
        version: the `ETag` of an answer that the page has

    Raises (when called):
        RequestRefused: the answer is neither 2xx nor 304
    """
    headers = {"X-API-Key": key} | ({"If-None-Match": version} if version else {})
    event = api_event("GET", path, headers, query=urlencode(query))
    context = LambdaContext(API_FUNCTION, SECONDS)

    def invoke() -> dict[str, Any]:
        answer: dict[str, Any] = fintegrate(event, context)
        if answer["statusCode"] >= 300 and not (version and answer["statusCode"] == 304):
            raise RequestRefused(f"GET {path}: {answer['statusCode']} {answer['body']}")
        return answer

    return invoke


def post_with(key: str) -> Post:
    """A function that posts with this key."""
    return partial(_post, key)


def _post(key: str, path: str, body: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(prepared(key, "POST", path, body)())["data"]
    return data

"""Calls the handlers in this process with real events, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from chalice import Chalice

from app import app as fintegrate
from local.aws_shapes.lambda_context import LambdaContext
from local.banking.client import Post
from local.banking.in_process import API_FUNCTION, SECONDS, json_event


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


def post_with(key: str) -> Post:
    """A function that posts with this key."""
    return partial(_post, key)


def _post(key: str, path: str, body: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(prepared(key, "POST", path, body)())["data"]
    return data

"""Calls the handlers in this process with real events, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalice import Chalice

from app import app as fintegrate
from local.banking.client import Post
from local.banking.in_process import api_event, json_event
from local.bench.requests import answering, asking


def prepared(
    key: str, method: str, path: str, body: dict[str, Any], app: Chalice = fintegrate
) -> Callable[[], str]:
    """A call of the handler, ready to be timed. The event is made before; the answer is not read.

    Raises (when called):
        RequestRefused: the answer is not 2xx
    """
    return answering(app, json_event(key, method, path, body))


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
    return asking(fintegrate, event, may_be=304 if version else None)


def post_with(key: str) -> Post:
    """A function that posts with this key."""
    return partial(_post, key)


def _post(key: str, path: str, body: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(prepared(key, "POST", path, body)())["data"]
    return data

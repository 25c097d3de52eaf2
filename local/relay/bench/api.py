"""Calls the relay's handlers in this process with real events, without HTTP."""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable
from typing import Any

from app import app
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.bench.requests import RequestRefused, answering


def as_admin(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post as the admin; the `data` of the answer."""
    data: dict[str, Any] = json.loads(_prepared("ADMIN", path, body)())["data"]
    return data


def ingesting(items: list[dict[str, Any]]) -> Callable[[], str]:
    """A post of this batch, ready to be timed: its event is made now; the answer is not read."""
    return _prepared("INGEST", "/v1/events", {"data": items})


def ingested(items: list[dict[str, Any]]) -> list[int]:
    """Post a batch; the ids of its events.

    Raises:
        RequestRefused: an item was not accepted.
    """
    answer = json.loads(ingesting(items)())["data"]
    if answer["accepted"] != len(items):
        raise RequestRefused(f"{answer['accepted']} of {len(items)} items were accepted")
    return [result["id"] for result in answer["results"]]


def _prepared(role: str, path: str, body: dict[str, Any]) -> Callable[[], str]:
    user, password = os.environ[f"RELAY_{role}_USER"], os.environ[f"RELAY_{role}_PASSWORD"]
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = IncomingRequest(
        method="POST",
        path=path,
        query="",
        headers=[("Authorization", f"Basic {token}"), ("Content-Type", "application/json")],
        body=json.dumps(body).encode(),
        source_ip="127.0.0.1",
        resource=path,
        parameters={},
        request_id=str(uuid.uuid4()),
    )
    return answering(app, proxy_event(request))

"""Checks from outside, without a key, that a system answers.

It asks only for paths that every package has.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from local.machine.environment import may_use_proxy

PATIENCE_SECONDS = 90.0


class SmokeTestFailed(Exception):
    """The deployment answers wrongly; the text gives the answer."""


def smoke_test(
    url: str,
    patience_seconds: float = PATIENCE_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Request the health, the documents, an unknown path and a path that needs a key.

    A new DNS name takes a moment to spread, so a wrong answer is retried for a while.

    Raises:
        SmokeTestFailed: an answer stays wrong.
    """
    deadline = time.monotonic() + patience_seconds
    with httpx.Client(base_url=url, timeout=30, trust_env=may_use_proxy(url)) as client:
        while complaint := _complaint(client):
            if time.monotonic() > deadline:
                raise SmokeTestFailed(f"{url}: {complaint}")
            pause(2)


def _complaint(client: httpx.Client) -> str:
    """A sentence that says what is wrong; empty when nothing is."""
    expected = {"/health": 200, "/openapi.json": 200, "/metrics": 401, "/no-such-path": 404}
    for path, status in expected.items():
        try:
            answer = client.get(path)
        except httpx.HTTPError as error:
            return f"GET {path}: {type(error).__name__}: {error}"
        if answer.status_code != status:
            return (
                f"GET {path} answered {answer.status_code} instead of {status}: {answer.text[:500]}"
            )
        if path != "/openapi.json" and "detail" not in answer.text:
            return f"GET {path} is not in the envelope: {answer.text[:500]}"
    return ""

"""Looks whether a system answers: as anybody would, from outside, without a key.

Asks only for what every package has.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

PATIENCE_SECONDS = 90.0


class SmokeTestFailed(Exception):
    """The deployment does not answer as it should; the text says what it answered."""


def smoke_test(
    url: str,
    patience_seconds: float = PATIENCE_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Health, the documents, a path that is not there and one that wants a key.

    New names take a moment to be known everywhere, so a first refusal is asked again.

    Raises:
        SmokeTestFailed: an answer is wrong and stays so.
    """
    deadline = time.monotonic() + patience_seconds
    with httpx.Client(base_url=url, timeout=30) as client:
        while complaint := _complaint(client):
            if time.monotonic() > deadline:
                raise SmokeTestFailed(f"{url}: {complaint}")
            pause(2)


def _complaint(client: httpx.Client) -> str:
    """What is wrong, in words; empty when nothing is."""
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

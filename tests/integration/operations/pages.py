"""Answers that are no envelope, as a caller gets them from the real app."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.api import in_process


@dataclass(frozen=True)
class Page:
    """Status, headers and text of an answer."""

    status: int
    headers: dict[str, str]
    text: str


def get(path: str, *, query: str = "", key: str | None = None, bearer: str = "") -> Page:
    """The answer to a GET, with a key or with an `Authorization`."""
    headers = {} if key is None else {"X-API-Key": key}
    if bearer:
        headers["Authorization"] = bearer
    answer = in_process("GET", path, query, headers, b"", "127.0.0.1")
    return Page(answer["statusCode"], answer["headers"], answer["body"])

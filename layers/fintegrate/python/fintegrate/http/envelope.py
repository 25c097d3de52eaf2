"""The shape of every answer: `{"data": …, "detail": {"status_code", "status_name", …}}`.

An error may have a fourth member in `detail`: `reason`, a stable word that a program can act on.

Leaves an error's status to `fintegrate.errors`, and the sending of answers to Chalice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from fintegrate.decimals import marked, unmarked

SUCCESS = "Success"


def envelope(
    status: int, data: Any, description: str = SUCCESS, reason: str | None = None
) -> dict[str, Any]:
    name = status_name(status)
    detail = {"status_code": str(status), "status_name": name, "status_description": description}
    if reason is not None:
        detail["reason"] = reason
    return {"data": data, "detail": detail}


@cache
def status_name(status: int) -> str:
    """The standard name in upper snake case, `UNPROCESSABLE_ENTITY` for 422.

    Python 3.13 renamed three members after RFC 9110; the contract keeps the names before that.
    """
    return {413: "REQUEST_ENTITY_TOO_LARGE", 422: "UNPROCESSABLE_ENTITY"}.get(
        status, HTTPStatus(status).name
    )


def answer(
    status: int,
    data: Any,
    description: str = SUCCESS,
    headers: Mapping[str, str] | None = None,
    reason: str | None = None,
) -> Response:
    """Make the HTTP answer; times in `data` become ISO 8601 with offset.

    If `headers` has another spelling of a header, the middleware drops the first one (`merged`).
    """
    return Response(
        body=dumps(envelope(status, data, description, reason)),
        status_code=status,
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def merged(*sources: Mapping[str, Any]) -> dict[str, Any]:
    """Merge headers; the last value of a name wins, whatever the case of the name."""
    found = {}
    for headers in sources:
        for name, value in headers.items():
            found[name.lower()] = name, value
    return dict(found.values())


def crash(reference: str) -> Response:
    """The answer after a crash: a reference to search for in the log, and no internals."""
    return answer(
        500, {}, f"Something went wrong on our side; report reference {reference} to support"
    )


def dumps(value: Any) -> str:
    """JSON as we send it: compact, in UTF-8, times in ISO 8601 with offset, Decimals as numbers."""
    return unmarked(_ENCODER.encode(value))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return marked(value)
    return str(value)


_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"), ensure_ascii=False)

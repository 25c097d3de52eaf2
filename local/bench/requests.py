"""Requests that a handler of this process answers, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice import Chalice

from local.aws_shapes.lambda_context import LambdaContext

API_FUNCTION, SECONDS = "api_handler", 30
MOST_SHOWN = 500
"""Characters of an answer in an error."""


class RequestRefused(Exception):
    """A measured request was not answered with 2xx, so the measurement would be wrong."""


def asking(
    app: Chalice, event: dict[str, Any], may_be: int | None = None
) -> Callable[[], dict[str, Any]]:
    """A call of the handler with this event, ready to be timed; gives the gateway's answer.

    Args:
        may_be: a status that is as good as 2xx

    Raises (when called):
        RequestRefused: the answer is neither
    """
    context = LambdaContext(API_FUNCTION, SECONDS)

    def ask() -> dict[str, Any]:
        answer: dict[str, Any] = app(event, context)
        status = answer["statusCode"]
        if status >= 300 and status != may_be:
            said = f"{status} {answer['body'][:MOST_SHOWN]}"
            raise RequestRefused(f"{event['httpMethod']} {event['path']}: {said}")
        return answer

    return ask


def answering(app: Chalice, event: dict[str, Any]) -> Callable[[], str]:
    """The same; gives the answer's body, which is not read."""
    ask = asking(app, event)
    return lambda: str(ask()["body"])

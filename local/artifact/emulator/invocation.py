"""One invocation of a function and its outcome, in Lambda's own words.

The error types and sentences are Lambda's ("Lambda runtimes: troubleshooting" and the reference of
the Invoke API in AWS's developer guide).
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field

from local.aws_shapes.quotas import PAYLOAD_LIMIT


class InvokeError(Exception):
    """Lambda did not run the function; `str()` gives the reason.

    Attributes:
        status: the HTTP status in the Invoke API
        name: the error's type in the Invoke API
    """

    status = 500
    name = "ServiceException"


class UnknownFunction(InvokeError):
    """No function has this name."""

    status = 404
    name = "ResourceNotFoundException"


class Throttled(InvokeError):
    """All environments that the function may have are busy."""

    status = 429
    name = "TooManyRequestsException"


class PayloadTooLarge(InvokeError):
    """The event is over Lambda's limit."""

    status = 413
    name = "RequestTooLargeException"

    def __init__(self, size: int) -> None:
        super().__init__(
            f"{size} byte payload is too large for the RequestResponse invocation type "
            f"(limit {PAYLOAD_LIMIT} bytes)"
        )


def trace_id() -> str:
    """A new X-Ray trace header, not sampled."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Sampled=0"


@dataclass(frozen=True)
class Invocation:
    """An event on its way to a function."""

    payload: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=trace_id)


@dataclass(frozen=True)
class Outcome:
    """What a function returned.

    Attributes:
        error: `Unhandled` when the payload describes an error, as in `X-Amz-Function-Error`
    """

    payload: bytes
    error: str | None = None


def failure(kind: str, message: str) -> Outcome:
    """The outcome of a failure of the environment, not of the function's code."""
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")


def timed_out(request_id: str, seconds: float) -> Outcome:
    """The function exceeded its timeout."""
    text = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return failure("Sandbox.Timedout", text)


def exited(request_id: str, status: str) -> Outcome:
    """The runtime's process ended during the invocation."""
    text = f"RequestId: {request_id} Error: Runtime exited with error: {status}"
    return failure("Runtime.ExitError", text)


def response_too_large(size: int) -> Outcome:
    """The function's answer is over Lambda's limit."""
    text = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({PAYLOAD_LIMIT} bytes)."
    )
    return failure("Function.ResponseSizeTooLarge", text)

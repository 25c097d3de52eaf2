"""The errors that end a request, and the status of each.

    ApiError
    ├── BadRequest             400  the body is not a JSON object
    ├── Unauthorized           401  the credentials are missing, malformed, unknown or no longer good
    ├── Forbidden              403  the credentials are good, but may not do this
    ├── NotFound               404  no such thing for this tenant
    ├── MethodNotAllowed       405
    ├── Conflict               409  the current state does not allow the request
    ├── Gone                   410  the time for it is over
    ├── PayloadTooLarge        413
    ├── UnsupportedMediaType   415
    ├── Invalid                422  a field is wrong
    ├── TooManyRequests        429  with `Retry-After`
    ├── Crash                  500  anything else that escaped a handler
    ├── BadGateway             502  a server that the request was passed on to gave no usable answer
    ├── GatewayTimeout         504  it did not answer in time
    └── Unavailable            503  a server that the request needs is away; with `Retry-After`
        └── Busy               503  it is up, but too slow, or a lock was not free in time

The answer to a crash has a reference id and no internals (`fintegrate.http.envelope.crash`). The caller
sees the text of an error: it says what is wrong and what to do, and never contains a secret.
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """An error with a status; `headers` go out with the answer.

    `reason` is a stable word that a program can act on, where the status does not say enough.
    """

    status: ClassVar[int] = 500

    def __init__(
        self, description: str, headers: dict[str, str] | None = None, reason: str | None = None
    ) -> None:
        super().__init__(description)
        self.description = description
        self.headers = headers or {}
        self.reason = reason


class BadRequest(ApiError):
    """The body is not JSON, or not a JSON object."""

    status = 400


class Unauthorized(ApiError):
    """No good API key or password came with the request."""

    status = 401


class Forbidden(ApiError):
    """The credentials are good, but their owner is inactive or the endpoint is for the admin only."""

    status = 403


class NotFound(ApiError):
    """No such thing for this tenant; the same answer whether another tenant has it or not."""

    status = 404


class MethodNotAllowed(ApiError):
    status = 405


class Conflict(ApiError):
    """The current state does not allow the request."""

    status = 409


class Gone(ApiError):
    """The time for it is over, and it does not come back."""

    status = 410


class PayloadTooLarge(ApiError):
    """The body is larger than any valid request."""

    status = 413


class UnsupportedMediaType(ApiError):
    """The body is not declared as JSON."""

    status = 415


class Invalid(ApiError):
    """A field is missing, unknown, of the wrong type, out of range, too long or blank."""

    status = 422


class TooManyRequests(ApiError):
    """A limit is reached; `retry_after` is in whole seconds (RFC 9110, section 10.2.3)."""

    status = 429

    def __init__(
        self,
        description: str,
        retry_after: int,
        headers: dict[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(description, {"Retry-After": str(retry_after), **(headers or {})}, reason)


class Crash(ApiError):
    """A defect of ours. The audit log shows it in place of any unexpected exception."""

    status = 500


class BadGateway(ApiError):
    """A server that the request was passed on to cannot be reached, or its answer cannot be used."""

    status = 502


class GatewayTimeout(ApiError):
    """A server that the request was passed on to did not answer in time."""

    status = 504


class Unavailable(ApiError):
    """A server that the request needs is away; the caller may send the request again."""

    status = 503

    def __init__(
        self, description: str, retry_after: int = 2, *, reason: str | None = None
    ) -> None:
        super().__init__(description, {"Retry-After": str(retry_after)}, reason)


class Busy(Unavailable):
    """The server is up, but a statement took too long or waited too long for a lock."""

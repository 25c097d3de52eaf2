"""The errors that end a request, and the one place where they become a status.

    ApiError
    ├── BadRequest             400  the body is not a JSON object
    ├── Unauthorized           401  the key is missing, malformed, unknown, expired or deactivated
    ├── Forbidden              403  the key is good, but not for this
    ├── NotFound               404  no such thing for this tenant
    ├── MethodNotAllowed       405
    ├── Conflict               409  the state does not allow it
    ├── PayloadTooLarge        413
    ├── UnsupportedMediaType   415
    ├── Invalid                422  a field is wrong
    ├── TooManyRequests        429  with `Retry-After`
    ├── Crash                  500  anything else that escaped a handler
    └── Unavailable            503  a server that the request needs is away; with `Retry-After`
        └── Busy               503  it is there, but too slow, or holds a lock for too long

A crash is answered with a reference id and no internals (`fintegrate.http.envelope.crash`). The text of
an error is shown to the caller: it says what is wrong and what to do, and never holds a secret.
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """An error with a status; `headers` go out with the answer."""

    status: ClassVar[int] = 500

    def __init__(self, description: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.headers = headers or {}


class BadRequest(ApiError):
    """The body is not JSON, or not a JSON object."""

    status = 400


class Unauthorized(ApiError):
    """No usable API key came with the request."""

    status = 401


class Forbidden(ApiError):
    """The key is good, but its consumer is deactivated or the endpoint is the admin's."""

    status = 403


class NotFound(ApiError):
    """No such thing for this tenant; the same answer whether another tenant has it or not."""

    status = 404


class MethodNotAllowed(ApiError):
    """The path exists, the method does not."""

    status = 405


class Conflict(ApiError):
    """The state does not allow it."""

    status = 409


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
        self, description: str, retry_after: int, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(description, {"Retry-After": str(retry_after), **(headers or {})})


class Crash(ApiError):
    """Something that is our fault; stands in the audit log for an exception of any kind."""

    status = 500


class Unavailable(ApiError):
    """A server that the request needs is away; the request may be sent again."""

    status = 503

    def __init__(self, description: str, retry_after: int = 2) -> None:
        super().__init__(description, {"Retry-After": str(retry_after)})


class Busy(Unavailable):
    """The server is there, but a statement took too long or waited too long for a lock."""

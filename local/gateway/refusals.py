"""The gateway's own answers in the project's envelope, for requests that it does not pass on.

Refusal
├── UnknownPath 404
├── MethodNotAllowed 405
├── MalformedBody 400
├── BodyTooLarge 413
├── UnknownCoding 415
├── TooManyRequests 429
├── FunctionThrottled 500
├── FunctionFailed 502
└── FunctionTimedOut 504
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from fintegrate.http.envelope import dumps, envelope


class Refusal(Exception):
    """The gateway answers instead of the function; `str()` is the sentence for the client."""

    status = 500
    kind = "DEFAULT_5XX"
    """API Gateway's name for this answer ("Gateway response types" in its developer guide)."""

    def __init__(self, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.headers = headers

    def response(self) -> Response:
        return Response(
            dumps(envelope(self.status, {}, str(self))),
            status_code=self.status,
            headers={**(self.headers or {})},
            media_type="application/json",
        )


class UnknownPath(Refusal):
    status = 404
    kind = "MISSING_AUTHENTICATION_TOKEN"

    def __init__(self) -> None:
        super().__init__("There is no such path; GET /openapi.json lists those that exist")


class MethodNotAllowed(Refusal):
    status = 405
    kind = "MISSING_AUTHENTICATION_TOKEN"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This path does not know this method; use {allowed}", {"Allow": allowed})


class BodyTooLarge(Refusal):
    status = 413
    kind = "REQUEST_TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is over {limit} bytes; send less in one request")


class MalformedBody(Refusal):
    status = 400
    kind = "DEFAULT_4XX"

    def __init__(self, coding: str) -> None:
        super().__init__(
            f"The body is not what Content-Encoding says: {coding}, complete and alone"
        )


class UnknownCoding(Refusal):
    status = 415
    kind = "UNSUPPORTED_MEDIA_TYPE"

    def __init__(self, known: str) -> None:
        super().__init__(f"Content-Encoding must be one of {known}", {"Accept-Encoding": known})


class TooManyRequests(Refusal):
    """The client's address has used up its requests.

    The headers follow the IETF draft "RateLimit header fields for HTTP" up to version 6.
    """

    status = 429
    kind = "THROTTLED"

    def __init__(self, limit: int, retry_after: int) -> None:
        headers = {
            "Retry-After": str(retry_after),
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(retry_after),
        }
        super().__init__(
            f"Over {limit} requests in a minute came from this address; "
            f"try again in {retry_after} seconds",
            headers,
        )


class FunctionThrottled(Refusal):
    """All environments that the function may have are busy. AWS's gateway answers 500, too."""

    status = 500
    kind = "INTEGRATION_FAILURE"

    def __init__(self) -> None:
        super().__init__("The system is busy; try again in a moment", {"Retry-After": "1"})


class FunctionFailed(Refusal):
    """The function crashed or returned something that is not a response."""

    status = 502
    kind = "DEFAULT_5XX"

    def __init__(self) -> None:
        super().__init__("The function failed; try again, and report the X-Request-Id if it stays")


class FunctionTimedOut(Refusal):
    """The function did not answer in time; it may still finish."""

    status = 504
    kind = "INTEGRATION_TIMEOUT"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"No answer within {seconds:g} seconds; what was asked for may still happen: "
            "look before you repeat it, or repeat it with the same Idempotency-Key"
        )

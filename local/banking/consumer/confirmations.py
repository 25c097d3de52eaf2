"""Telling Fintegrate what became of an event: `POST /events/confirm-delivery`.

Each answer of the API becomes one of four meanings, and the rest of the program knows only
these: taken, refused for good, come back later, and the key is not accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol, Self

import httpx

from local.banking.consumer.messages import Event
from local.banking.consumer.settings import Settings
from local.machine.environment import may_use_proxy

Status = Literal["received", "processed", "failed"]

SHORTEST_WAIT_SECONDS = 0.1  # "Retry-After: 0" must not become a busy loop
LONGEST_WAIT_SECONDS = 60.0


class ApiUnavailable(Exception):
    """The API did not answer, or answered 5xx: worth another try."""


class TooManyRequests(Exception):
    """429: the API is well and says how long to stay away."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"rate limit reached, again in {retry_after_seconds:g} s")
        self.retry_after_seconds = retry_after_seconds


class KeyRefused(Exception):
    """401 or 403: a wrong setting of this program. No message is to blame for it."""


class ConfirmationRefused(Exception):
    """Any other 4xx: the same request will never be taken, so it is not repeated."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of `event`; `reason` goes with `failed`."""

    event: Event
    status: Status
    received_at: datetime
    reason: str | None = None


class Confirming(Protocol):
    """Whoever carries a confirmation to Fintegrate. May raise the errors of this module."""

    def confirm(self, confirmation: Confirmation) -> None: ...


class ConfirmationClient:
    """One connection to the API, kept open, with the consumer's key."""

    def __init__(self, settings: Settings, timeout_seconds: float = 5.0) -> None:
        self._http = httpx.Client(
            base_url=settings.base_url,
            headers={"X-API-Key": settings.api_key, "User-Agent": "fintegrate-reference-consumer"},
            timeout=timeout_seconds,
            trust_env=may_use_proxy(settings.base_url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def confirm(self, confirmation: Confirmation) -> None:
        """Send `confirmation`; returns when it was taken (2xx).

        Raises the errors of this module, one for each other meaning.
        """
        event = confirmation.event
        try:
            response = self._http.post(
                "/events/confirm-delivery",
                json=_body(confirmation),
                headers={"traceparent": event.traceparent} if event.traceparent else {},
            )
        except httpx.TransportError as exc:
            raise ApiUnavailable(f"no answer from the API: {type(exc).__name__}") from exc
        _raise_for_meaning(response)


def _body(confirmation: Confirmation) -> dict[str, str]:
    body = {
        "event_id": confirmation.event.event_id,
        "status": confirmation.status,
        "received_at": confirmation.received_at.astimezone(UTC).isoformat(),
    }
    if confirmation.reason is not None:
        body["failure_reason"] = confirmation.reason
    return body


def _raise_for_meaning(response: httpx.Response) -> None:
    code = response.status_code
    if response.is_success:
        return
    if code == 429:
        raise TooManyRequests(_retry_after_seconds(response))
    if code in (401, 403):
        raise KeyRefused(f"{code}: {_description(response)}")
    if response.is_server_error:
        raise ApiUnavailable(f"{code}: {_description(response)}")
    raise ConfirmationRefused(f"{code}: {_description(response)}")


def _retry_after_seconds(response: httpx.Response) -> float:
    """`Retry-After` in seconds (RFC 9110, 10.2.3); its date form and nonsense count as 1 s."""
    text = response.headers.get("Retry-After", "")
    seconds = float(text) if text.isascii() and text.isdecimal() else 1.0
    return min(max(seconds, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)


def _description(response: httpx.Response) -> str:
    """The envelope's sentence, or nothing worth printing when something else answered."""
    try:
        return str(response.json()["detail"]["status_description"])[:200]
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase

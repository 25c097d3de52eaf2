"""What the requests of several platforms share: headers, addresses, identifiers, skipping."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.relay.delivery.names import name_at
from chalicelib.relay.delivery.shapes import Adapter, Destination, Event, Request
from chalicelib.relay.values.consent import refusal
from chalicelib.relay.values.json_text import dumps

USER_AGENT = "fintegrate-relay/0.1.0"
HEADERS: Mapping[str, str] = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
_EMPTY: tuple[object, ...] = ("", [], {})
MARGIN = timedelta(minutes=1)
"""An event on the edge of its age limit would be over it when it arrives."""


def too_old(event: Event, adapter: Adapter, now: datetime) -> bool:
    """Whether the platform would refuse the event for its age, and with some the whole request."""
    return now - event.event_time > adapter.AGE_LIMIT - MARGIN


def skipped(event: Event, destination: Destination, purposes: Set[str]) -> str | None:
    """The reasons that all platforms share: consent, and a name that no map has."""
    mode = destination.settings.get("consent_mode")
    return refusal(event.consent, purposes, mode) or (
        None if name_of(event, destination) else "unmapped_event"
    )


def name_of(event: Event, destination: Destination) -> str | None:
    """What the destination is to call the event."""
    return name_at(destination.adapter, event.event_type, destination.settings.get("event_map"))


def has_address_and_agent(event: Event) -> bool:
    """Whether the client is known by its IP address together with its user agent."""
    return "ip_address" in event.private and "user_agent" in event.private


def in_batches(events: Sequence[Event], most: int) -> list[list[Event]]:
    """The events in their order, so many a request."""
    return [list(events[at : at + most]) for at in range(0, len(events), most)]


def post(
    url: str,
    body: object,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
) -> Request:
    """A POST of JSON. The secrets are also hidden as a query writes them."""
    hidden = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
    return Request(
        method="POST",
        url=f"{url}?{urlencode(query, quote_via=quote)}" if query else url,
        headers={**HEADERS, **(headers or {})},
        body=body if isinstance(body, bytes) else dumps(body),
        secrets=tuple(sorted(hidden, key=len, reverse=True)),
    )


def base_url(destination: Destination, default: str) -> str:
    """Where the platform is, without a slash at the end."""
    return str(destination.settings.get("base_url") or default).rstrip("/")


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are there: neither None nor empty. False and zero are there."""
    return {
        name: value
        for name, value in values.items()
        if value or (value is not None and value not in _EMPTY)
    }


def renamed(values: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The values that have a name at the platform, under that name."""
    return {theirs: values[ours] for ours, theirs in names.items() if values.get(ours)}


def item_count(event: Event) -> int | None:
    """The pieces of the order, or None where no item is listed."""
    return sum(item.get("quantity", 1) for item in event.contents) if event.contents else None

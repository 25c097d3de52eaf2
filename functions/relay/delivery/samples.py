"""The invented event that tests a credential. Nobody is meant: example.com is reserved (RFC 2606)."""

from datetime import datetime
from decimal import Decimal

from chalicelib.relay.delivery.shapes import Event
from chalicelib.relay.values.match_keys import user_data
from chalicelib.relay.values.times import microseconds


def sample_event(now: datetime) -> Event:
    """An account created just now, by somebody with every identifier that a platform may want."""
    number = microseconds(now)
    return Event(
        id=0,
        dedup_id=f"test-{number}",
        event_id=f"test-{number}",
        order_id=f"test-{number}",
        event_type="account_created",
        event_time=now,
        value=Decimal(1),
        currency="USD",
        match_keys=user_data({"email": "test@example.com", "external_id": "test"}, "US").keys,
        private={"ip_address": "203.0.113.1", "user_agent": "Mozilla/5.0"},
    )

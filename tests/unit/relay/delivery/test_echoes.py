"""What a receiver repeats of a person is found, wherever it stands in his words."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from chalicelib.relay.delivery.echoes import without_persons
from chalicelib.relay.delivery.shapes import Event

HASH = sha256(b"jane@example.com").hexdigest()
AGENT = "Mozilla/5.0 (Macintosh)"
EVENT = Event(
    id=1,
    dedup_id="1",
    event_id="1",
    order_id="1",
    event_type="paid",
    event_time=datetime(2026, 11, 26, tzinfo=UTC),
    match_keys={"em": HASH},
    private={"ip_address": "203.0.113.9", "user_agent": AGENT, "state": "ca"},
)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (f"bad em {HASH}, {HASH}", "bad em [redacted], [redacted]"),
        (f"at 203.0.113.9 in ca: {HASH[:9]}", "at [redacted] in ca: [redacted]"),
        ('{"ua": "Mozilla\\/5.0 (Macintosh)"}', '{"ua": "[redacted]"}'),
        ("Invalid parameter: event_time", "Invalid parameter: event_time"),
    ],
)
def test_persons_data_is_taken_out(words: str, kept: str) -> None:
    assert without_persons(words, [EVENT]) == kept

"""Our encoding of a message's properties is pika's, byte for byte."""

from __future__ import annotations

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.messaging.message import MessageProperties

short = st.text(max_size=60)  # at most 240 bytes
edge = st.sampled_from([-(2**31) - 1, -(2**31), 2**31 - 1, 2**31])
number = st.integers(-(2**63), 2**63 - 1) | edge


mode = st.sampled_from(pika.DeliveryMode)


@given(
    short,
    short,
    short,
    st.integers(0, 2**64 - 1),
    st.dictionaries(short, st.text() | number),
    mode,
    short,
)
def test_encoding_is_pikas(
    message_id: str,
    kind: str,
    app_id: str,
    timestamp: int,
    headers: dict[str, str | int],
    mode: pika.DeliveryMode,
    content_type: str,
) -> None:
    ours = MessageProperties(message_id, kind, app_id, timestamp, headers, mode, content_type)
    theirs = pika.BasicProperties(
        content_type=content_type,
        content_encoding="utf-8",
        headers=headers,
        delivery_mode=mode,
        message_id=message_id,
        timestamp=timestamp,
        type=kind,
        app_id=app_id,
    )

    encoded = b"".join(ours.encode())

    assert encoded == b"".join(theirs.encode())
    assert pika.BasicProperties().decode(encoded) == theirs


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="256"):
        MessageProperties("x" * 256, "kind", "app", 0, {}).encode()

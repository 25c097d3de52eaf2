"""What of a message goes along when it is copied, so that AMQP can carry it."""

from __future__ import annotations

from typing import Any

import pika.data
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.messaging.copies import (
    MOST_HEADER_BYTES,
    attempt_of,
    copy_of,
    dead,
    identity_of,
    plain,
    since_of,
)
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.messaging.waiting_queues import WaitingQueues

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(alphabet=st.characters(categories=("Cs", "Lu")))
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def message(headers: Any = None, **more: Any) -> QueueMessage:
    return QueueMessage(b"body", headers or {}, more.pop("message_id", "1"), False, "q", more)


def encoded(headers: dict[str, Any]) -> int:
    return int(pika.data.encode_table([], headers))


@given(
    headers=st.dictionaries(st.text(max_size=400), VALUES, max_size=6),
    said=st.dictionaries(st.sampled_from(["contentType", "type", "appId"]), VALUES, max_size=3),
    message_id=VALUES,
)
def test_every_copy_can_be_written(
    headers: dict[str, Any], said: dict[str, Any], message_id: Any
) -> None:
    copied = copy_of(message(headers, message_id=message_id, **said), "q", dead("c", "\ud800", 1))

    assert copied.properties.encode()
    assert copied.properties.headers["x-error"] == "?"


def test_headers_fit_into_a_frame() -> None:
    many = {f"h{n}": "x" * 5_000 for n in range(50)} | {"small": "kept"}

    headers = copy_of(message(many), "q", {"x-attempt": 1}).properties.headers

    assert encoded(headers) < MOST_HEADER_BYTES + 100
    assert (headers["small"], headers["x-attempt"]) == ("kept", 1)


@pytest.mark.parametrize(
    "name",
    [
        "x-death",
        "x-first-death-queue",
        "x-last-death-reason",
        "x-delivery-count",
        "x-acquired-count",
        "CC",
        "BCC",
        "cc",
        "x-error",
        "x-error-code",
        "x-failed-at",
    ],
)
def test_headers_of_the_broker_stay_behind(name: str) -> None:
    headers = copy_of(message({name: "x", "kept": 1}), "q", {}).properties.headers

    assert headers == {"kept": 1}


@pytest.mark.parametrize(
    "attempt", ["3", -1, 0, 2**70, 1_000, True, None, [1], {"a": 1}, 1.0, b"1"]
)
def test_forged_attempts_are_none(attempt: object) -> None:
    assert attempt_of(message({"x-attempt": attempt})) == 0


@pytest.mark.parametrize("since", ["1", -1, 0, 2**70, True, None, 1.5])
def test_forged_beginning_of_an_outage_is_now(since: object) -> None:
    assert since_of(message({"x-outage-since": since})) > 1_700_000_000


def test_copies_of_a_message_are_others() -> None:
    headers: list[dict[str, Any]] = [{}, {"x-attempt": 1}, {"x-outage-waits": 1}, {"other": 1}]
    names = [identity_of(message(each)) for each in headers]

    assert len(set(names)) == 3
    assert identity_of(message(message_id="2")) not in names
    assert identity_of(message(message_id=None)) not in names


def test_reasons_are_plain_and_short() -> None:
    assert plain("a\0b\nc\ud800\u202ed 😀 é") == "a?b?c??d 😀 é"
    assert len(plain("x" * 10_000)) == 500


def test_queues_are_declared_behind_those_they_need() -> None:
    queues = WaitingQueues("q", (1, 0), "quorum").queues(["a", "b"])

    assert [queue.name for queue in queues] == ["q.dlq", "q.retry.1", "q.retry.2", "q"]
    first, second = queues[1].arguments, queues[2].arguments
    assert (first["x-message-ttl"], second["x-message-ttl"]) == (1000, 1)
    assert first["x-dead-letter-routing-key"] == "q"
    own = queues[3]
    assert (own.routing_keys, own.arguments["x-delivery-limit"]) == (["a", "b"], 20)
    assert own.arguments["x-dead-letter-strategy"] == "at-least-once"
    assert all(queue.arguments["x-overflow"] == "reject-publish" for queue in queues)
    assert all("x-max-length" not in queue.arguments for queue in queues)


def test_classic_queues_need_less() -> None:
    *_, own = WaitingQueues("q", (1,), "classic").queues([])

    assert not {"x-delivery-limit", "x-dead-letter-strategy"} & set(own.arguments)


@pytest.mark.parametrize(("waits", "number"), [(5, 3), (3, 3), (2, 2), (1, 1)])
def test_outages_wait_in_the_third(waits: int, number: int) -> None:
    assert WaitingQueues("q", [1] * waits).during_outages == f"q.retry.{number}"

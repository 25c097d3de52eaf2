"""The pipeline of confirms: nothing of a key is overtaken, whatever the broker answers and when."""

from __future__ import annotations

from collections import defaultdict

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.messaging import pipeline
from fintegrate.messaging.message import Message
from fintegrate.messaging.pipeline import Pipeline
from fintegrate.outcome import Outcome, Result


class Wire:
    """A broker on paper: keeps what was sent, and answers when the test says so."""

    def __init__(self, keys: list[str]) -> None:
        self.messages = [
            Message("x", "k", b"", pika.BasicProperties(message_id=str(index)), key)
            for index, key in enumerate(keys)
        ]
        self.sent: list[Message] = []
        self.pipeline = Pipeline(self.messages, self._send)
        self.pipeline.fill()

    def _send(self, message: Message) -> int:
        self.sent.append(message)
        return len(self.sent)

    def answer(self, tag: int, *, multiple: bool = False, confirmed: bool = True) -> None:
        self.pipeline.answered(tag, multiple, confirmed)
        self.pipeline.fill()

    def results(self) -> list[Result]:
        return [outcome.result for outcome in self.pipeline.outcomes]


def test_same_key_waits_for_confirm() -> None:
    wire = Wire(["a", "a", "b"])
    assert [m.order_key for m in wire.sent] == ["a", "b"]

    wire.answer(1)

    assert [m.order_key for m in wire.sent] == ["a", "b", "a"]


def test_multiple_ack_confirms_earlier_messages() -> None:
    wire = Wire(["a", "b", "c"])

    wire.answer(2, multiple=True)

    assert wire.results() == [Result.CONFIRMED, Result.CONFIRMED, Result.UNSENT]


def test_nack_blocks_only_its_key() -> None:
    wire = Wire(["a", "a", "b"])

    wire.answer(1, confirmed=False)
    wire.answer(2)

    assert wire.results() == [Result.NACKED, Result.HELD_BACK, Result.CONFIRMED]
    assert len(wire.sent) == 2


def test_held_pipeline_still_reads_answers() -> None:
    wire = Wire(["a", "a", "b"])

    wire.pipeline.hold("blocked")
    wire.answer(1)

    assert [(o.result, o.reason) for o in wire.pipeline.outcomes] == [
        (Result.CONFIRMED, ""),
        (Result.UNSENT, "blocked"),
        (Result.UNSENT, "blocked"),
    ]
    assert len(wire.sent) == 2
    assert wire.pipeline.waiting  # for the answer to the second that was sent


def test_returned_message_is_unroutable() -> None:
    wire = Wire(["a"])

    wire.pipeline.returned("0", "k", "NO_ROUTE")
    wire.answer(1)

    assert wire.pipeline.outcomes == [Outcome(Result.UNROUTABLE, "NO_ROUTE")]


def test_two_with_one_id_may_be_returned() -> None:
    """As copies of a message that came twice: their acknowledgements come as one."""
    wire = Wire(["a", "b", "c"])
    for message in wire.messages[:2]:
        message.properties.message_id = "same"
    for _ in range(2):
        wire.pipeline.returned("same", "k", "NO_ROUTE")

    wire.answer(3, multiple=True)

    assert wire.results() == [Result.UNROUTABLE, Result.UNROUTABLE, Result.CONFIRMED]


def test_returned_one_is_told_by_its_queue() -> None:
    wire = Wire(["a", "b"])
    wire.pipeline.returned("0", "other", "NO_ROUTE")

    wire.answer(2, multiple=True)

    assert wire.results() == [Result.CONFIRMED] * 2


def test_lost_connection_names_unsent_messages() -> None:
    wire = Wire(["a", "a", "b"])
    wire.answer(2)

    wire.pipeline.give_up(Outcome(Result.UNCONFIRMED, "reset"))

    assert wire.results() == [Result.UNCONFIRMED, Result.UNSENT, Result.CONFIRMED]
    assert {outcome.reason for outcome in wire.pipeline.outcomes[:2]} == {"reset"}


def test_window_bounds_unconfirmed_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WINDOW", 2)
    wire = Wire(["a", "b", "c"])
    assert len(wire.sent) == 2

    wire.answer(1)

    assert len(wire.sent) == 3


@given(
    keys=st.lists(st.sampled_from("abcd"), min_size=1, max_size=40),
    answers=st.lists(
        st.tuples(
            st.integers(0, 50), st.booleans(), st.sampled_from(["ack", "ack", "nack", "return"])
        )
    ),
)
def test_no_answer_lets_messages_overtake(
    keys: list[str], answers: list[tuple[int, bool, str]]
) -> None:
    wire = Wire(keys)
    for position, multiple, kind in answers:
        tag = 1 + position % len(wire.sent)
        if kind == "return":
            wire.pipeline.returned(str(wire.sent[tag - 1].properties.message_id), "k", "NO_ROUTE")
        wire.answer(tag, multiple=multiple, confirmed=kind != "nack")

    sent = defaultdict(list)
    for message in wire.sent:
        sent[message.order_key].append(int(message.properties.message_id))
    for key, indices in sent.items():
        expected = [index for index, other in enumerate(keys) if other == key]
        assert indices == expected[: len(indices)]
        results = [wire.results()[index] for index in expected]
        confirmed = [result for result in results if result is Result.CONFIRMED]
        assert results[: len(confirmed)] == confirmed  # nothing is confirmed behind a failure

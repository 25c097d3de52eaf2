"""Threads share a pool while the receiver misbehaves: no answer is another's, nothing is sent twice."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from fintegrate.outgoing.exchange import Answer, Result, Sent
from tests.integration.layer.outgoing.conftest import MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer
from tests.integration.layer.outgoing.test_what_was_sent import reset
from tests.support.threads import at_once

THREADS, EACH = 8, 40


def misbehave(visit: Visit) -> None:
    """Answers most requests with their own body; a seed decides what else it does."""
    chance = random.Random(visit.number)
    while (request := visit.read_request()) is not None:
        number = request[-6:]
        match chance.choice(
            ["answer"] * 6 + ["close", "reset", "last", "more", "garbage", "chunks"]
        ):
            case "answer":
                visit.say(answer(body=number))
            case "chunks":
                head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                visit.say(head + b"6\r\n" + number + b"\r\n0\r\n\r\n")
            case "last":  # and says nothing of its going
                visit.say(answer(body=number))
                return
            case "more":
                visit.say(answer(body=number) + answer(body=b"other!"))
            case "garbage":
                visit.say(b"no answer\r\n\r\n")
            case "reset":
                reset(visit)
                return
            case _:
                return


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_misbehaviour_mixes_nothing_up(place: MakePlace, tls: bool) -> None:
    there = place(misbehave, tls=tls, kept=4)

    def send(thread: int) -> list[tuple[bytes, Result]]:
        numbers = [b"%02d-%03d" % (thread, at) for at in range(EACH)]
        return [(number, there.send(b"x" * 20_000 + number)) for number in numbers]

    results = at_once([lambda thread=thread: send(thread) for thread in range(THREADS)])  # type: ignore[misc]

    seen = Counter(request[-6:] for request in there.server.requests)
    answered = 0
    for number, result in (pair for pairs in results for pair in pairs):
        if isinstance(result, Answer):
            answered += 1
            assert (result.body, seen[number]) == (number, 1)
        else:
            assert seen[number] <= (result.sent is Sent.WHOLE), result
    assert answered > THREADS * EACH / 2
    assert there.server.connections < THREADS * EACH

"""Nothing of a request or an answer is in results, logs or errors."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from fintegrate.outgoing.client import Patience
from fintegrate.outgoing.exchange import Request
from tests.integration.layer.outgoing.conftest import MakePlace
from tests.integration.layer.outgoing.strangers import Script, Visit, answer, answering

SECRET = "s3cr3t"


def says(*words: bytes) -> Script:
    def script(visit: Visit) -> None:
        visit.read_request()
        for word in words:
            visit.say(word)

    return script


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "script",
    [
        answering(
            answer(f"400 {SECRET}", SECRET.encode(), f"X-A: {SECRET}", f"Retry-After: {SECRET}")
        ),
        says(f"{SECRET}\r\n\r\n".encode()),
        says(f"HTTP/1.1 200 {SECRET}\r\nContent-Length: {SECRET}\r\n\r\n".encode()),
        says(f"HTTP/1.1 200 {SECRET}\r\nContent-Length: 99\r\n\r\n{SECRET}".encode()),
        says(),
        lambda visit: visit.hang(),
    ],
    ids=["echo", "garbage", "bad_head", "cut", "closed", "silent"],
)
def test_nothing_is_shown_or_logged(
    place: MakePlace,
    script: Callable[[Visit], None],
    tls: bool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    there = place(script, tls=tls, patience=Patience(whole=0.5, connect=0.5))
    url = f"{there.url}/{SECRET}?access_token={SECRET}"
    request = Request("POST", url, {"Authorization": SECRET}, SECRET.encode())

    result = there.pool.send(request)

    shown = f"{request!r} {result!r} {result} {vars(there.pool)!r}"
    assert SECRET not in shown + caplog.text + "".join(capfd.readouterr())

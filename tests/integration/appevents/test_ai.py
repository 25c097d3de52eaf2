"""A user's prompt goes to the AI, and whatever the AI does, the user gets a clear answer."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import ssl
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.appevents import wiring
from tests.integration.appevents.conftest import Reply, User
from tests.integration.layer.outgoing.certificates import issue
from tests.integration.layer.outgoing.strangers import (
    Script,
    Stranger,
    Visit,
    answer,
    answering,
    stranger,
)

PATH = "/api/v1/ai/prompt"
PROMPT, TEXT, KEY = "How many squats, privately?", "Three sets, just for you.", "sk-very-secret-key"
MOST = 1_048_576
IS_JSON = "Content-Type: application/json"


def completion(text: Any = TEXT, **more: Any) -> bytes:
    said = {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}], **more}
    return json.dumps(said).encode()


def good(body: bytes | None = None, *headers: str) -> bytes:
    return answer("200 OK", completion(model="big-1") if body is None else body, IS_JSON, *headers)


def sized(bytes_: int) -> bytes:
    """An answer whose body has so many bytes."""
    return completion("x" * (bytes_ - len(completion(""))))


class Ai:
    """The API, and the stranger who plays the AI."""

    def __init__(self, user: User, server: Stranger) -> None:
        self.user = user
        self.server = server

    def ask(self, prompt: Any = PROMPT, **more: Any) -> Reply:
        return self.user.call("POST", PATH, {"prompt": prompt}, **more)


Make = Callable[..., Ai]


@pytest.fixture
def ai(environment: dict[str, str]) -> Iterator[Make]:
    """Makes an AI that follows a script; settings may be changed. No server but Redis is asked."""
    with contextlib.ExitStack() as stack:
        stack.callback(wiring.use, None)

        def make(script: Script, tls: ssl.SSLContext | None = None, **changed: str) -> Ai:
            server = stack.enter_context(stranger(script, tls))
            settings = {
                "AI_ENDPOINT": f"http://127.0.0.1:{server.port}",
                "AI_API_KEY": KEY,
                "AI_MODEL": "llama3.1:8b",
                "AI_TIMEOUT_SECONDS": "20",
                **{name: text.format(port=server.port) for name, text in changed.items()},
            }
            own = wiring.build({**environment, **settings})
            stack.callback(own.close)
            wiring.use(own)
            return Ai(User(environment), server)

        yield make


def test_answer_is_passed_on(ai: Make) -> None:
    there = ai(answering(good()))

    reply = there.ask(f"  {PROMPT}\n")

    assert (reply.status, reply.data) == (200, {"text": TEXT, "model": "big-1"})
    (request,) = there.server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/chat/completions HTTP/1.1\r\n")
    assert f"authorization: bearer {KEY}".encode() in head.lower()
    assert json.loads(body) == {
        "model": "llama3.1:8b",
        "messages": [{"role": "user", "content": PROMPT}],
        "stream": False,
    }


def test_path_and_model_are_settings(ai: Make) -> None:
    there = ai(
        answering(good(completion())),
        AI_ENDPOINT="http://127.0.0.1:{port}/proxy/",
        AI_CHAT_PATH="/v1/chat/completions",
        AI_MODEL="small-2",
    )

    assert there.ask().data["model"] == "small-2"
    assert there.server.requests[0].startswith(b"POST /proxy/v1/chat/completions HTTP/1.1\r\n")


@pytest.mark.parametrize("missing", ["AI_ENDPOINT", "AI_API_KEY", "AI_MODEL"])
def test_without_a_setting_it_is_off(ai: Make, missing: str) -> None:
    there = ai(answering(good()), **{missing: ""})

    reply = there.ask()

    assert (reply.status, reply.reason) == (503, "ai_off")
    assert reply.description == f"The AI is off: the operator has not set {missing}"
    assert int(reply.headers["Retry-After"]) > 60
    assert there.server.connections == 0


def test_off_says_all_settings(ai: Make) -> None:
    reply = ai(answering(good()), AI_ENDPOINT="", AI_API_KEY="", AI_MODEL="").ask()

    assert reply.status == 503
    assert reply.description.endswith("AI_ENDPOINT, AI_API_KEY, AI_MODEL")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (answering(answer("401 Unauthorized", b'{"detail": "401"}')), 502),
        (answering(answer("403 Forbidden", b"")), 502),
        (answering(answer("400 Bad Request", completion())), 502),
        (answering(answer("404 Not Found", b"<html>")), 502),
        (answering(answer("500 Oh", completion())), 502),
        (answering(answer("204 No Content")), 502),
        (answering(answer("201 Created", completion(), IS_JSON)), 502),
    ],
    ids=["401", "403", "400", "404", "500", "204", "201"],
)
def test_its_refusals_are_bad_gateways(ai: Make, script: Script, status: int) -> None:
    reply = ai(script).ask()

    assert (reply.status, reply.reason, reply.data) == (status, "ai_failed", {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        completion()[:-10],
        b"[" * 100_000,
        b"7",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": [{"message": "text"}]}',
        b'{"choices": [{"delta": {"content": "x"}}]}',
        completion(None),
        completion([{"type": "text", "text": "x"}]),
        b'{"error": {"message": "no such model"}}',
        b"\xff\xfe",
    ],
)
def test_garbage_is_a_bad_gateway(ai: Make, body: bytes) -> None:
    reply = ai(answering(good(body))).ask()

    assert (reply.status, reply.reason) == (502, "ai_failed")


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream", "application/octet-stream"])
def test_another_content_type_is_garbage(ai: Make, kind: str) -> None:
    said = answer("200 OK", completion(), f"Content-Type: {kind}")

    assert ai(answering(said)).ask().status == 502


def closing(*words: bytes) -> Script:
    """A script that says this to a request, and closes."""

    def script(visit: Visit) -> None:
        visit.read_request()
        for each in words:
            visit.say(each)

    return script


@pytest.mark.parametrize(
    "script",
    [
        closing(),
        closing(good()[:-5]),
        closing(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"cho'),
        closing(b"SSH-2.0-OpenSSH_9.6\r\n"),
        closing(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000),
    ],
    ids=["nothing", "half", "half_of_chunks", "no_http", "endless_head"],
)
def test_rude_ends_are_bad_gateways(ai: Make, script: Script) -> None:
    reply = ai(script).ask()

    assert (reply.status, reply.reason) == (502, "ai_failed")


def test_nobody_there_is_a_bad_gateway(ai: Make) -> None:
    there = ai(answering(good()))
    there.server.close()

    assert there.ask().status == 502


def test_redirect_is_not_followed(ai: Make) -> None:
    other = ai(answering(good())).server
    moved = f"Location: http://127.0.0.1:{other.port}/api/chat/completions"
    there = ai(answering(answer("307 Temporary Redirect", b"", moved)))

    assert there.ask().status == 502
    assert other.connections == 0


@pytest.mark.parametrize(
    "script",
    [
        lambda visit: visit.hang(),
        lambda visit: (visit.read_request(), visit.hang()),
        lambda visit: (visit.read_request(), visit.drip(good())),
        lambda visit: (visit.read_request(), visit.say(good()[:-5]), visit.hang()),
    ],
    ids=["deaf", "silent", "drip", "half"],
)
def test_silence_is_a_gateway_timeout(ai: Make, script: Script) -> None:
    there = ai(script, AI_TIMEOUT_SECONDS="1")

    reply = there.ask()

    assert (reply.status, reply.reason) == (504, "ai_silent")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (["Retry-After: 7"], 7),
        (["Retry-After: 0"], 1),
        (["Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"], 1),
        (["Retry-After: 99999999"], 86_400),
        (["Retry-After: soon"], 10),
        ([], 10),
    ],
)
def test_too_much_to_do_is_passed_on(ai: Make, header: list[str], seconds: int) -> None:
    reply = ai(answering(answer("429 Too Many Requests", b"", *header))).ask()

    assert (reply.status, reply.reason) == (429, "ai_busy")
    assert reply.headers["Retry-After"] == str(seconds)


def test_a_mebibyte_is_taken(ai: Make) -> None:
    reply = ai(answering(good(sized(MOST)))).ask()

    assert (reply.status, len(reply.data["text"])) == (200, MOST - len(completion("")))


def test_more_is_refused(ai: Make) -> None:
    assert ai(answering(good(sized(MOST + 1)))).ask().status == 502


def test_packed_answer_is_unpacked(ai: Make) -> None:
    packed = gzip.compress(completion())

    assert ai(answering(good(packed, "Content-Encoding: gzip"))).ask().data["text"] == TEXT


@pytest.mark.parametrize(
    ("packed", "packing"),
    [
        (zlib.compress(sized(40 * MOST)), "deflate"),
        (gzip.compress(completion())[:-9], "gzip"),
        (completion(), "br"),
        (completion(), "gzip"),
    ],
    ids=["bomb", "cut", "unknown", "not_packed"],
)
def test_wrongly_packed_is_garbage(ai: Make, packed: bytes, packing: str) -> None:
    assert ai(answering(good(packed, f"Content-Encoding: {packing}"))).ask().status == 502


def test_certificate_is_verified(ai: Make, tmp_path: Path) -> None:
    unknown = issue(["localhost"], issue(is_authority=True)).server_context(tmp_path)
    there = ai(answering(good()), unknown, AI_ENDPOINT="https://localhost:{port}")

    assert there.ask().status == 502
    assert there.server.requests == []


def test_halves_of_characters_are_replaced(ai: Make) -> None:
    body = (
        b'{"choices": [{"message": {"content": "a\\ud83d b \\ud83d\\ude00"}}], "model": "m\\udc00"}'
    )

    assert ai(answering(good(body))).ask().data == {"text": "a? b 😀", "model": "m?"}


@pytest.mark.parametrize(
    "prompt", ["", "  \n ", "x" * 8001, "a\x00b", "\x1b[2J", 7, None, ["x"]], ids=repr
)
def test_wrong_prompt_is_not_sent(ai: Make, prompt: Any) -> None:
    there = ai(answering(good()))

    reply = there.ask(prompt)

    assert reply.status == 422
    assert reply.description.startswith("prompt: ")
    assert there.server.connections == 0


def test_longest_prompt_is_taken(ai: Make) -> None:
    there = ai(answering(good()))

    assert there.ask("😀" * 8000).status == 200
    assert json.loads(there.server.requests[0].partition(b"\r\n\r\n")[2])["messages"][0][
        "content"
    ] == ("😀" * 8000)


def test_user_must_be_known(ai: Make) -> None:
    there = ai(answering(good()))

    assert there.ask(headers={"Authorization": ""}).status == 401
    assert there.ask(headers={"Authorization": "Bearer x"}).status == 401
    assert there.server.connections == 0


def test_rate_limit_of_user_holds(ai: Make) -> None:
    """A prompt costs as much as twenty requests."""
    there = ai(
        answering(good()), APP_RATE_LIMIT_USER_BURST="41", APP_RATE_LIMIT_USER_PER_MINUTE="1"
    )

    assert [there.ask().status for _ in range(2)] == [200, 200]
    reply = there.ask()

    assert (reply.status, reply.reason) == (429, None)
    assert len(there.server.requests) == 2


@pytest.mark.parametrize(
    "script",
    [
        answering(good()),
        answering(good(f"{PROMPT} {KEY} {TEXT}".encode())),
        answering(answer("401 Unauthorized", f"{PROMPT} {KEY} {TEXT}".encode())),
        answering(answer("500 Oh", f"{PROMPT} {KEY} {TEXT}".encode())),
        closing(good()[:-5]),
    ],
    ids=["good", "garbage", "refusal", "fault", "half"],
)
def test_nothing_said_is_logged(ai: Make, script: Script, caplog: pytest.LogCaptureFixture) -> None:
    there = ai(script)

    with caplog.at_level(logging.DEBUG):
        reply = there.ask()

    assert there.server.requests
    written = caplog.text + (reply.description if reply.status != 200 else "")
    for secret in (PROMPT, TEXT, KEY, there.user.token):
        assert secret not in written

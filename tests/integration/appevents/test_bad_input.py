"""The contract's table of bad input, row by row: what each gets.

Two rows need more than a request or a message, and stand elsewhere: files that are no videos
(`test_processing`), and access tokens that are none (`test_feed`).
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt
import pika
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.appevents import topology, wiring
from chalicelib.appevents.settings import passcodes
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User, event
from tests.integration.appevents.feeds import ask, make_private
from tests.integration.appevents.posts import PostMaker

EVENTS, BATCH = "/api/v1/notify/events", "/api/v1/notify/events/batch"
VIDEOS, VIDEO = "/api/v1/videos", "/api/v1/videos/{video_id}"
NOTE = {"machine_id": "leg-press-2", "body": "Seat on 4"}
NOTES = "/api/v1/machines/{machine_id}/notes"
SENTENCE = "The token is not valid; send a valid one as Authorization: Bearer <token>"
ISSUER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = ISSUER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
Query = Callable[..., list[dict[str, Any]]]
Settle = Callable[[str], None]
MakeUser = Callable[[], User]


def post(user: User, **changed: Any) -> Reply:
    return user.call("POST", EVENTS, {**event("machine.note.saved", NOTE), **changed})


def rejection(user: User, told: str) -> tuple[str, str | None]:
    state = user.state(told)
    return state["status"], state["reason"]


# Tokens


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Where an issuer shows its public key."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(ISSUER.public_key(), as_dict=True)
    text = json.dumps({"keys": [{**public, "kid": "one", "use": "sig"}]}).encode()

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    server.server_close()


@pytest.fixture
def caller(user: User, environment: dict[str, str], issuer: str) -> Iterator[User]:
    """A user whose tokens an issuer signs with RS256."""
    own = {"JWT_JWKS_URL": issuer, "JWT_SHARED_SECRET": "", "JWT_ALGORITHMS": "RS256"}
    parts = wiring.build({**environment, **own})
    wiring.use(parts)
    yield user
    parts.close()


def token(user: User, environment: dict[str, str], **more: Any) -> str:
    claims = {
        "sub": user.id,
        "iss": environment["JWT_ISSUER"],
        "aud": environment["JWT_AUDIENCE"],
        "exp": int(time.time()) + 3600,
        **more.pop("claims", {}),
    }
    head = {"kid": "one", **more.pop("head", {})}
    return jwt.encode(claims, more.pop("key", ISSUER), more.pop("algorithm", "RS256"), headers=head)


def confused(user: User, environment: dict[str, str]) -> str:
    """HS256, made with the public key; PyJWT alone would not make it."""
    claims = token(user, environment).split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{head}.{claims}".encode(), PEM)
    return f"{head}.{claims}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


TOKENS: dict[str, Any] = {
    "expired": {"claims": {"exp": int(time.time()) - 60}},
    "another issuer": {"claims": {"iss": "https://other.example"}},
    "another audience": {"claims": {"aud": "other"}},
    "alg none": {"algorithm": "none", "key": None},
    "unknown crit": {"head": {"crit": ["exp2"], "exp2": 1}},
    "over 8 KB": {"claims": {"more": "x" * 8_192}},
}


@pytest.mark.parametrize("wrong", TOKENS.values(), ids=TOKENS)
def test_wrong_token_gets_one_sentence(
    caller: User, environment: dict[str, str], wrong: dict[str, Any]
) -> None:
    caller.token = token(caller, environment)
    assert caller.call("GET", EVENTS).status == 200

    caller.token = token(caller, environment, **dict(wrong))
    reply = caller.call("GET", EVENTS)

    assert (reply.status, reply.description, reply.data) == (401, SENTENCE, {})


def test_public_key_is_no_shared_secret(caller: User, environment: dict[str, str]) -> None:
    caller.token = confused(caller, environment)

    reply = caller.call("GET", EVENTS)
    assert (reply.status, reply.description) == (401, SENTENCE)


def test_no_token_is_asked_for(user: User) -> None:
    reply = user.call("GET", EVENTS, headers={"Authorization": ""})

    assert (reply.status, reply.data) == (401, {})


# Events


def test_identity_is_the_tokens(
    make_user: MakeUser, running: wiring.Parts, left_in: Callable[[str], int]
) -> None:
    user, other = make_user(), make_user()
    assert post(user, user_id=other.id).status == 403
    assert post(user, event_type="feed.visibility.changed").status == 422
    assert left_in("app.machine") == 0

    assert post(user, source_service="settings-service", user_id=user.id.upper()).status == 202

    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, properties, body = channel.basic_get("app.machine", auto_ack=True)
    said = json.loads(body or b"{}")
    assert (said["source_service"], said["user_id"]) == ("frontend", user.id)
    assert properties is not None
    assert properties.app_id == "frontend"


def test_batch_has_its_bounds(user: User) -> None:
    for count in (0, 101):
        events = [event("machine.note.saved", NOTE) for _ in range(count)]
        reply = user.call("POST", BATCH, {"events": events})
        assert (reply.status, "events: " in reply.description) == (422, True), reply
    full = [event("machine.note.saved", NOTE) for _ in range(100)]
    assert user.call("POST", BATCH, {"events": full}).status == 200


def test_batch_refuses_the_guilty_only(user: User) -> None:
    same = str(uuid.uuid4())
    bodies = [("1", None), ("", None), ("2", same), ("2", same), ("3", same), ("\ud83d", None)]
    events = [event("machine.note.saved", {**NOTE, "body": body}, each) for body, each in bodies]

    reply = user.call("POST", BATCH, {"events": events})

    statuses = [each["status"] for each in reply.data["results"]]
    assert statuses == ["accepted", "invalid", "accepted", "duplicate", "conflict", "invalid"]
    assert reply.data["results"][-1]["error"].startswith("data.body: ")


@pytest.mark.parametrize(
    "text", ["💪🏽👩‍👩‍👧 ok", "\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c", "𠜎" * 2000, "a\nb"]
)
def test_strange_text_is_kept_as_sent(user: User, settle: Settle, text: str) -> None:
    assert post(user, data={**NOTE, "body": text}).status == 202
    settle("machine")

    (note,) = user.call("GET", NOTES, machine_id="leg-press-2").data["notes"]
    assert note["body"] == text


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "x\ude00\ud83d", "𠜎" * 2001, "\u2028"])
def test_text_that_is_none_is_refused(user: User, text: str) -> None:
    reply = post(user, data={**NOTE, "body": text})

    assert (reply.status, reply.description.startswith("data.body: ")) == (422, True), reply


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 10**400])
def test_number_that_is_none_is_refused(user: User, number: float) -> None:
    reply = user.call(
        "POST",
        EVENTS,
        event("equipment.prefs.submitted", {"machine_id": "m", "prefs": {"seat": number}}),
    )

    assert (reply.status, reply.description.startswith("data.prefs.seat: ")) == (422, True), reply


# Comments and likes


def test_comments_need_their_post_and_parent(
    make_user: MakeUser, settle: Settle, post_of: PostMaker
) -> None:
    owner, user = make_user(), make_user()
    deleted, seen, other = (post_of(owner.id) for _ in range(3))
    hidden_owner = make_user()
    hidden = post_of(hidden_owner.id)
    make_private(hidden_owner)
    owner.tell("feed.post.delete_requested", {"post_id": deleted})
    parent = owner.tell("comment.created", {"post_id": other, "body": "Here"})
    settle("video")

    told = [
        user.tell("comment.created", {"post_id": each, "body": "Nice!"})
        for each in (str(uuid.uuid4()), deleted, hidden)
    ]
    astray = user.tell("comment.created", {"post_id": seen, "parent_id": parent, "body": "Yes"})
    settle("video")

    assert [rejection(user, each) for each in told] == [("rejected", "post_not_found")] * 3
    assert rejection(user, astray) == ("rejected", "parent_not_found")


def test_likes_are_what_was_said_last(
    make_user: MakeUser,
    settle: Settle,
    post_of: PostMaker,
    query: Query,
    tell: Callable[..., str],
) -> None:
    user = make_user()
    twice, never, mixed = (post_of(user.id) for _ in range(3))
    steps = [(twice, "liked", 1), (twice, "liked", 2), (never, "unliked", 3)]
    steps += [(mixed, "unliked", 5), (mixed, "liked", 4)]
    for target, step, sequence in steps:
        data = {"target_type": "post", "target_id": target}
        tell(user, f"interaction.{step}", data, sequence)
        settle("video")

    counts = {
        each["post_id"]: each["like_count"] for each in query("video", "SELECT * FROM feed_posts")
    }
    assert counts == {twice: 1, never: 0, mixed: 0}
    assert [each["target_id"] for each in query("video", "SELECT * FROM likes")] == [twice]


# Uploads


def test_uploads_are_what_was_declared(make_user: MakeUser, query: Query) -> None:
    user, other = make_user(), make_user()
    told = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": 5}
    made = user.call("POST", VIDEOS, {**told, "client_generated_id": str(uuid.uuid4())}).data
    video, upload = made["video_id"], made["upload"]

    def put(content: bytes, **headers: str) -> int:
        sent = {**upload["headers"], "content-length": str(len(content)), **headers}
        return httpx.put(upload["url"], content=content, headers=sent, trust_env=False).status_code

    def complete(caller: User) -> Reply:
        return caller.call("POST", f"{VIDEO}/complete", {}, video_id=video)

    assert put(b"123456") == 403
    assert put(b"12345", **{"content-type": "text/html"}) == 403
    assert complete(user).status == 409
    assert put(b"12345") == 200
    assert complete(other).status == 404
    assert [complete(user)[:2] for _ in range(2)] == [
        (202, {"video_id": video, "status": "uploaded"})
    ] * 2
    late = user.call("POST", VIDEOS, {**told, "client_generated_id": str(uuid.uuid4())}).data
    query(
        "video", "UPDATE videos SET expires_at = now() WHERE video_id = %(id)s", id=late["video_id"]
    )
    assert user.call("POST", f"{VIDEO}/complete", {}, video_id=late["video_id"]).status == 410


# Passcodes


def test_passcodes_have_their_bounds(make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passcodes, "COST", 4)
    compared: list[str] = []
    real = passcodes.is_right

    def is_right(passcode: str, kept: str) -> bool:
        compared.append(passcode)
        return real(passcode, kept)

    monkeypatch.setattr(passcodes, "is_right", is_right)
    viewer, owner = make_user(), make_user()
    for wrong in ("123", "ö" * 36 + "1", "\ud83dabc"):
        said = {"visibility": "passcode", "passcode": wrong}
        assert owner.call("PUT", "/api/v1/settings/feed-access", said).status == 422
    make_private(owner)

    assert [ask(viewer, owner, "wrong").status for _ in range(5)] == [403] * 5
    assert (ask(viewer, owner).status, len(compared)) == (429, 5)


# Messages


def test_messages_that_are_none_harm_nobody(
    user: User, running: wiring.Parts, pump: Callable[..., Any], query: Query
) -> None:
    good = {**event("machine.note.saved", NOTE), "user_id": user.id}
    wrong = {
        "not_json": b"{nonsense",
        "no_client_generated_id": {**good, "client_generated_id": None},
        "unknown_event_type": {**good, "event_type": "no.such"},
        "unknown_schema_version": {
            **good,
            "client_generated_id": str(uuid.uuid4()),
            "schema_version": "2.0.0",
        },
    }
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        for each in (*wrong.values(), good):
            body = each if isinstance(each, bytes) else json.dumps(each).encode()
            properties = pika.BasicProperties(headers={})
            channel.basic_publish(topology.EXCHANGE, "machine.note.saved", body, properties)

    assert pump("machine") == {"messages": 5, "applied": 1, "dead": 4}

    assert len(query("machine", "SELECT 1 FROM machine_notes")) == 1
    codes = []
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        for _ in wrong:
            _, dead, _ = channel.basic_get("app.machine.dlq", auto_ack=True)
            codes.append(((dead and dead.headers) or {})["x-error-code"])
    assert sorted(codes) == sorted(wrong)


def test_conversations_are_of_their_people(make_user: MakeUser, settle: Settle) -> None:
    one, other, stranger = (make_user() for _ in range(3))
    started = one.tell("dm.conversation.started", {"participant_ids": [other.id]})
    settle("dm")
    said = stranger.tell("dm.message.sent", {"conversation_id": started, "body": "hello"})
    settle("dm")

    assert rejection(stranger, said) == ("rejected", "conversation_not_found")
    many = {"participant_ids": [str(uuid.uuid4()) for _ in range(10)]}
    reply = one.call("POST", EVENTS, event("dm.conversation.started", many))
    assert (reply.status, "data.participant_ids: " in reply.description) == (422, True)

"""Who may see a feed: a passcode, few tries at it, a token, and a change that ends all tokens."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
import unicodedata
import uuid
from collections.abc import Callable
from typing import Any

import bcrypt
import jwt
import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.settings import passcodes
from chalicelib.appevents.settings.granting import Asked, Denied, Granted, Granting
from chalicelib.appevents.settings.signing_keys import rotate
from fintegrate.access.by_token import ByToken, Rules
from fintegrate.access.caller import Refused
from fintegrate.access.issuer_keys import IssuerKeys
from local.appevents.feed_keys import rotate_in
from local.banking.in_process import api_event, invoke
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.feeds import (
    ACCESS,
    KEYS,
    SECRET,
    SETTINGS,
    TABLES,
    Query,
    ask,
    key_set,
    make_private,
    verified,
)
from tests.integration.appevents.posts import write_post
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

FEED = "/api/v1/feed/{owner_id}"
Settle = Callable[[str], None]
MakeUser = Callable[[], User]


@pytest.fixture(autouse=True)
def video_tables(running: wiring.Parts, query: Query) -> None:
    query("video", TABLES)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The passcodes that bcrypt compared. Its cost is the real one only where a test looks at it."""
    seen: list[bytes] = []
    real = bcrypt.checkpw

    def watched(passcode: bytes, kept: bytes) -> bool:
        seen.append(passcode)
        return real(passcode, kept)

    monkeypatch.setattr(bcrypt, "checkpw", watched)
    return seen


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passcodes, "COST", 4)


def test_feed_is_public_at_first(make_user: MakeUser, compared: list[bytes]) -> None:
    viewer, owner = make_user(), make_user()
    now = owner.call("GET", SETTINGS)
    assert now.data == {"visibility": "public", "access_version": 0, "changed_at": None}

    reply = ask(viewer, owner, "anything")

    assert reply.status == 200
    assert verified(key_set(), reply.data["access_token"])["ver"] == 0
    assert compared == []


def test_passcode_gives_a_token(make_user: MakeUser, query: Query) -> None:
    viewer, owner = make_user(), make_user()
    changed = make_private(owner)
    assert (changed.data["access_version"], changed.data["applied"]) == (1, True)

    reply = ask(viewer, owner)

    assert reply.status == 200, reply
    token = reply.data["access_token"]
    head = jwt.get_unverified_header(token)
    assert (head["typ"], head["alg"]) == ("feed-access+jwt", "ES256")
    claims = verified(key_set(), token)
    assert (claims["sub"], claims["feed_owner_id"], claims["ver"]) == (viewer.id, owner.id, 1)
    assert claims["exp"] - claims["iat"] == 86_400
    assert claims["nbf"] <= time.time() < claims["exp"]
    assert uuid.UUID(claims["jti"])
    (kept,) = query("settings", "SELECT passcode_hash FROM feed_access")
    assert kept["passcode_hash"].startswith("$2b$12$")
    (grant,) = query("video", "SELECT * FROM feed_grants")
    assert (grant["owner_id"], grant["viewer_id"]) == (owner.id, viewer.id)
    assert grant["access_version"] == 1


@pytest.mark.usefixtures("cheap")
def test_form_of_a_passcode_does_not_matter(make_user: MakeUser) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner, unicodedata.normalize("NFD", "öffne dich"))

    assert ask(viewer, owner, f" {unicodedata.normalize('NFC', 'öffne dich')} ").status == 200


@pytest.mark.usefixtures("cheap")
def test_wrong_passcode_is_denied(make_user: MakeUser) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)

    replies = [ask(viewer, owner, wrong) for wrong in ("nonsense", "ö" * 64)]

    assert [reply.status for reply in replies] == [403, 403]
    assert all("denied" in reply.description for reply in replies)


@pytest.mark.usefixtures("cheap")
def test_sixth_try_is_refused_unseen(make_user: MakeUser, compared: list[bytes]) -> None:
    viewer, other, owner = make_user(), make_user(), make_user()
    make_private(owner)
    for _ in range(5):
        assert ask(viewer, owner, "wrong").status == 403

    right = ask(viewer, owner)

    assert right.status == 429
    assert 0 < int(right.headers["Retry-After"]) <= 900
    assert len(compared) == 5
    assert ask(other, owner).status == 200


@pytest.mark.usefixtures("cheap")
def test_tries_of_all_viewers_are_bounded(
    rewired: Callable[..., wiring.Parts], make_user: MakeUser, compared: list[bytes]
) -> None:
    rewired(PASSCODE_OWNER_TRIES="7")
    owner = make_user()
    make_private(owner)

    statuses = [ask(make_user(), owner, "wrong").status for _ in range(9)]

    assert statuses == [403] * 7 + [429] * 2
    assert len(compared) == 7


@pytest.mark.usefixtures("cheap")
def test_tries_at_many_feeds_are_bounded(
    rewired: Callable[..., wiring.Parts], make_user: MakeUser, compared: list[bytes]
) -> None:
    rewired(PASSCODE_ALL_FEEDS_TRIES="3")
    viewer, owners = make_user(), [make_user() for _ in range(5)]
    for owner in owners:
        make_private(owner)

    replies = [ask(viewer, owner, "wrong") for owner in owners]

    assert [reply.status for reply in replies] == [403] * 3 + [429] * 2
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 900
    assert len(compared) == 3
    assert ask(make_user(), owners[-1]).status == 200


@pytest.mark.usefixtures("cheap")
def test_late_try_is_a_new_one(running: wiring.Parts, make_user: MakeUser, query: Query) -> None:
    """An attempt that waited out an outage comes with the id of a try that is long over."""
    viewer, owner = make_user(), make_user()
    make_private(owner)
    granting = Granting.of(running.settings, running.beside("settings"), running.sealing)
    asked = Asked(owner.id, viewer.id, SECRET, str(uuid.uuid4()))
    granting.decide(asked)
    for table in ("feed_access_attempts", "viewer_access_attempts"):
        query("settings", f"UPDATE {table} SET times[1] = times[1] - interval '2 hours'")

    assert isinstance(granting.decide(asked), Granted)


@pytest.mark.usefixtures("cheap")
def test_tries_are_given_back_with_time(make_user: MakeUser, query: Query) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    for _ in range(6):
        last = ask(viewer, owner, "wrong")
    assert last.status == 429
    query(
        "settings",
        "UPDATE feed_access_attempts SET times ="
        " (SELECT array_agg(at - interval '16 minutes') FROM unnest(times) AS at)",
    )

    assert ask(viewer, owner).status == 200


@pytest.mark.usefixtures("cheap")
def test_tries_of_quiet_feeds_go(make_user: MakeUser, query: Query) -> None:
    owners = [make_user() for _ in range(2)]
    for owner in owners:
        make_private(owner)
        ask(make_user(), owner)
    query(
        "settings",
        "UPDATE feed_access_attempts SET times ="
        " (SELECT array_agg(at - interval '61 minutes') FROM unnest(times) AS at)"
        " WHERE owner_id = %(owner)s",
        owner=owners[0].id,
    )

    query("settings", "UPDATE viewer_access_attempts SET times[1] = times[1] - interval '2 hours'")

    runs = [run_schedule("app_purge") for _ in range(2)]

    assert [run["feed_access_attempts"] for run in runs] == [1, 0]
    assert [run["viewer_access_attempts"] for run in runs] == [2, 0]
    (left,) = query("settings", "SELECT owner_id FROM feed_access_attempts")
    assert left["owner_id"] == owners[1].id


@pytest.mark.usefixtures("cheap")
def test_two_hundred_tries_run_five_hashes(
    running: wiring.Parts, make_user: MakeUser, compared: list[bytes]
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    decided: list[Granted | Denied] = []
    together = threading.Barrier(20)

    def hammer() -> None:
        beside = running.beside("settings")
        granting = Granting.of(running.settings, beside, running.sealing)
        together.wait()
        for _ in range(10):
            asked = Asked(owner.id, viewer.id, "wrong", str(uuid.uuid4()))
            decided.append(granting.decide(asked))
        beside.close()

    threads = [threading.Thread(target=hammer) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(decided) == 200
    assert len(compared) == 5
    assert sum(isinstance(each, Denied) and each.retry_after > 0 for each in decided) == 195


@pytest.mark.usefixtures("cheap")
def test_same_try_counts_once(running: wiring.Parts, make_user: MakeUser, query: Query) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    granting = Granting.of(running.settings, running.beside("settings"), running.sealing)
    asked = Asked(owner.id, viewer.id, "wrong", str(uuid.uuid4()))

    for _ in range(7):
        assert granting.decide(asked) == Denied("wrong_passcode")

    assert query("settings", "SELECT cardinality(ids) AS n FROM feed_access_attempts")[0]["n"] == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"visibility": "passcode", "passcode": "123"}, "passcode: must have at least 4"),
        ({"visibility": "passcode", "passcode": "1" * 65}, "passcode: must have at most 64"),
        ({"visibility": "passcode", "passcode": "ö" * 36 + "1"}, "72 bytes"),
        ({"visibility": "passcode"}, "passcode is required"),
        ({"visibility": "public", "passcode": "7654321"}, "passcode must be left out"),
        ({"visibility": "friends"}, "visibility"),
        ({"visibility": "passcode", "passcode": 7654321}, "passcode: must be a string"),
        ({"visibility": "passcode", "passcode": "7654\x00321"}, "control characters"),
    ],
)
def test_wrong_changes_are_refused(user: User, body: Any, said: str) -> None:
    reply = user.call("PUT", SETTINGS, body)

    assert (reply.status, said in reply.description) == (422, True), reply
    assert "7654" not in reply.description


@pytest.mark.usefixtures("cheap")
def test_every_change_raises_the_version(
    make_user: MakeUser, query: Query, left_in: Callable[[str], int]
) -> None:
    owner = make_user()
    before = left_in("app.video")
    versions = [make_private(owner, each).data["access_version"] for each in ("one two", "three")]
    public = [owner.call("PUT", SETTINGS, {"visibility": "public"}).data for _ in range(2)]

    assert versions == [1, 2]
    assert [each["access_version"] for each in public] == [3, 3]
    assert all(each["applied"] for each in public)
    (known,) = query("video", "SELECT * FROM feed_owners")
    assert (known["visibility"], known["access_version"]) == ("public", 3)
    assert left_in("app.video") - before == 3


@pytest.mark.usefixtures("cheap")
def test_new_passcode_costs_ten_requests(
    rewired: Callable[..., wiring.Parts], make_user: MakeUser
) -> None:
    rewired(APP_RATE_LIMIT_USER_BURST="21", APP_RATE_LIMIT_USER_PER_MINUTE="1")
    owner = make_user()

    change = {"visibility": "passcode", "passcode": SECRET}
    changes = [owner.call("PUT", SETTINGS, change).status for _ in range(3)]

    assert changes == [200, 200, 429]


@pytest.mark.usefixtures("cheap")
def test_event_tells_what_changed(running: wiring.Parts, make_user: MakeUser) -> None:
    owner = make_user()
    make_private(owner)

    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, properties, body = channel.basic_get("app.video", auto_ack=True)
    assert body is not None
    assert properties is not None
    said = json.loads(body)
    assert (said["user_id"], said["source_service"]) == (owner.id, "settings")
    assert said["data"] == {"owner_id": owner.id, "visibility": "passcode", "access_version": 1}
    assert properties.message_id == said["client_generated_id"]


@pytest.mark.usefixtures("cheap")
def test_private_feed_leaves_the_public_one(make_user: MakeUser, query: Query) -> None:
    owner = make_user()
    write_post(query, owner.id)

    make_private(owner)

    assert query("video", "SELECT is_public FROM feed_posts") == [{"is_public": False}]


@pytest.mark.usefixtures("cheap")
def test_change_is_told_without_its_database(
    rewired: Callable[..., wiring.Parts],
    make_user: MakeUser,
    query: Query,
    left_in: Callable[[str], int],
) -> None:
    rewired(VIDEO_DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/nothing")
    viewer, owner = make_user(), make_user()
    before = left_in("app.video")

    changed = make_private(owner)
    granted = ask(viewer, owner)

    assert (changed.data["applied"], changed.data["access_version"]) == (False, 1)
    assert granted.status == 200
    assert query("video", "SELECT 1 FROM feed_owners") == []
    assert left_in("app.video") - before == 2


@pytest.mark.usefixtures("cheap")
def test_grant_of_an_endpoint_answers_no_event(
    make_user: MakeUser, settle: Settle, query: Query, left_in: Callable[[str], int]
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    ask(viewer, owner)
    settle("settings")

    (kept,) = query("settings", "SELECT data FROM outbox WHERE event_type = 'feed.access.granted'")
    assert kept["data"]["access_token"] is None
    assert left_in("app.notification.dlq") == 0


@pytest.mark.usefixtures("cheap")
def test_attempt_is_answered_by_its_id(make_user: MakeUser, settle: Settle, query: Query) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    attempt = {"feed_owner_id": owner.id, "passcode": SECRET}
    right = viewer.tell("feed.access.attempt", attempt)
    wrong = viewer.tell("feed.access.attempt", {**attempt, "passcode": "nonsense"})
    settle("settings")

    outcome = viewer.state(right)["outcome"]
    assert outcome["event_type"] == "feed.access.granted"
    claims = verified(key_set(), outcome["data"]["access_token"])
    assert (claims["sub"], claims["ver"]) == (viewer.id, 1)
    assert (outcome["data"]["feed_owner_id"], outcome["data"]["access_version"]) == (owner.id, 1)
    denied = viewer.state(wrong)
    assert (denied["status"], denied["outcome"]["event_type"]) == (
        "processed",
        "feed.access.denied",
    )
    assert denied["outcome"]["data"]["reason"] == "wrong_passcode"
    listed = viewer.call("GET", "/api/v1/notify/events").data["events"]
    assert listed[1]["outcome"] == outcome


@pytest.mark.usefixtures("cheap")
def test_attempts_and_endpoint_share_the_bound(
    make_user: MakeUser, settle: Settle, compared: list[bytes]
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    for _ in range(3):
        ask(viewer, owner, "wrong")
    attempt = {"feed_owner_id": owner.id, "passcode": "wrong"}
    told = [viewer.tell("feed.access.attempt", attempt) for _ in range(3)]
    settle("settings")

    answers = [viewer.state(each)["outcome"]["data"] for each in told]
    assert [each["reason"] for each in answers] == ["wrong_passcode"] * 2 + ["too_many_tries"]
    assert 0 < answers[-1]["retry_after_seconds"] <= 900
    assert len(compared) == 5
    assert ask(viewer, owner).status == 429


def see(viewer: User, owner: User, token: str) -> Reply:
    """Read a feed with an access token."""
    return viewer.call("GET", FEED, headers={"X-Feed-Access": token}, owner_id=owner.id)


@pytest.mark.usefixtures("cheap")
def test_token_opens_the_feed_here(running: wiring.Parts, make_user: MakeUser) -> None:
    """No setting says where the keys are: the settings show them in the same process."""
    viewer, owner, other = make_user(), make_user(), make_user()
    make_private(owner)
    token = ask(viewer, owner).data["access_token"]

    assert running.settings.feed_access_jwks_url == ""
    assert see(viewer, owner, token).status == 200
    assert see(other, owner, token).reason == "feed_access_required"


@pytest.mark.usefixtures("cheap")
def test_new_key_opens_the_feed_soon(running: wiring.Parts, make_user: MakeUser) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    before = ask(viewer, owner).data["access_token"]
    assert see(viewer, owner, before).status == 200

    rotate(running.beside("settings"), running.sealing())

    after = ask(viewer, owner).data["access_token"]
    eventually(lambda: see(viewer, owner, after).status == 200, "the new key is known")
    assert see(viewer, owner, before).status == 200


@pytest.mark.usefixtures("cheap")
def test_unreadable_keys_ask_for_patience(
    rewired: Callable[..., wiring.Parts], make_user: MakeUser
) -> None:
    """The viewer may have access, so it is not refused."""
    viewer, owner = make_user(), make_user()
    make_private(owner)
    token = ask(viewer, owner).data["access_token"]
    rewired(SETTINGS_DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/nothing")

    reply = see(viewer, owner, token)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert see(owner, owner, "").status == 200


@pytest.mark.usefixtures("cheap")
def test_rotated_key_verifies_for_a_day(
    running: wiring.Parts, make_user: MakeUser, query: Query
) -> None:
    viewer, owner = make_user(), make_user()
    before = ask(viewer, owner).data["access_token"]

    kid = rotate(running.beside("settings"), running.sealing())

    after = ask(viewer, owner).data["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == kid
    keys = key_set()
    assert keys["keys"][0]["kid"] == kid
    assert verified(keys, before)["sub"] == verified(keys, after)["sub"] == viewer.id
    assert not {"d"} & {name for each in keys["keys"] for name in each}
    old = query("settings", "SELECT private_key FROM signing_keys WHERE superseded_at IS NOT NULL")
    assert old == [{"private_key": None}]
    query(
        "settings",
        "UPDATE signing_keys SET superseded_at = superseded_at - interval '1 day'"
        " WHERE superseded_at IS NOT NULL",
    )
    assert [each["kid"] for each in key_set()["keys"]] == [kid]


def test_command_rotates_the_keys(running: wiring.Parts, environment: dict[str, str]) -> None:
    former = key_set()["keys"]

    kid = rotate_in(environment)

    wiring.use(running)
    assert [each["kid"] for each in key_set()["keys"]] == [kid, former[0]["kid"]]


def test_keys_are_made_once(running: wiring.Parts) -> None:
    together = threading.Barrier(8)
    found: list[str] = []

    def look() -> None:
        together.wait()
        found.append(key_set()["keys"][0]["kid"])
        running.service("settings").request.database.close()

    threads = [threading.Thread(target=look) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(found) == 8
    assert len(set(found)) == 1


class Carrying:
    """A request with a token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def header(self, _name: str) -> str:
        return f"Bearer {self._token}"


def test_access_token_is_no_user_token(make_user: MakeUser) -> None:
    """Neither at our own endpoints, nor where an issuer had the same keys and names."""
    viewer, owner = make_user(), make_user()
    token = ask(viewer, owner).data["access_token"]
    keys = json.dumps(key_set())
    viewer.token = token

    assert viewer.call("GET", SETTINGS).status == 401
    for audience in ("app.events", "video-service"):
        rules = Rules("settings-service", audience, ["ES256"])
        with pytest.raises(Refused):
            ByToken(IssuerKeys("x", lambda _url: keys), rules).authenticate(Carrying(token))  # type: ignore[arg-type]


def test_user_token_is_no_access_token(user: User) -> None:
    """Not even one that a former library let pass: HS256, made with the public key."""
    keys = key_set()
    (key,) = keys["keys"]
    claims = jwt.decode(user.token, options={"verify_signature": False})
    head = _base64({"alg": "HS256", "typ": "feed-access+jwt", "kid": key["kid"]})
    said = f"{head}.{_base64({**claims, 'aud': 'video-service', 'iss': 'settings-service'})}"
    signature = hmac.digest(json.dumps(key).encode(), said.encode(), "sha256")

    with pytest.raises(jwt.PyJWTError):
        verified(keys, f"{said}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")
    with pytest.raises((jwt.PyJWTError, KeyError)):
        verified(keys, user.token)


def _base64(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_keys_are_not_read_without_end(rewired: Callable[..., wiring.Parts]) -> None:
    rewired(APP_RATE_LIMIT_USER_BURST="3", APP_RATE_LIMIT_USER_PER_MINUTE="1")
    event = api_event("GET", KEYS, {}, b"", "", source_ip=f"2001:db8:{secrets.token_hex(2)}::1")

    answers = [invoke(event)["statusCode"] for _ in range(5)]

    assert answers == [200] * 3 + [429] * 2


def test_callers_without_token_read_keys_only(user: User) -> None:
    assert key_set()["keys"]
    user.token = "nonsense"
    paths: list[tuple[str, str, Any]] = [
        ("GET", SETTINGS, None),
        ("POST", ACCESS, {"passcode": "x"}),
    ]
    for method, path, body in paths:
        reply: Reply = user.call(method, path, body, owner_id=user.id)
        assert reply.status == 401

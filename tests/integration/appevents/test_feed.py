"""Feeds: who may see them, and what a page of them says."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.appevents import wiring
from chalicelib.appevents.feed_owners import SQL as FEED_OWNERS
from chalicelib.appevents.feed_owners import change_visibility
from chalicelib.appevents.wiring import Parts
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.posts import PostMaker

FEED, OF_OWNER, POST = "/api/v1/feed", "/api/v1/feed/{owner_id}", "/api/v1/posts/{post_id}"
ANONYMOUS = {"Authorization": ""}
Query = Callable[..., list[dict[str, Any]]]


class Keys:
    """The keys of the service of settings; `set_of_keys` is what it shows of them."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        shown = {"keys": [{**public, "kid": "one", "alg": "ES256", "use": "sig"}]}
        self.set_of_keys = json.dumps(shown).encode()

    def token(self, viewer: str, owner: str, version: int, **more: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "settings-service",
            "aud": "video-service",
            "sub": viewer,
            "feed_owner_id": owner,
            "ver": version,
            "iat": now,
            "nbf": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
            **more.pop("claims", {}),
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        head = {"typ": "feed-access+jwt", "kid": "one", **more.pop("head", {})}
        signs = more.pop("signs", self._private)
        return jwt.encode(kept, signs, more.pop("algorithm", "ES256"), headers=head)


KEYS = Keys()


@pytest.fixture(scope="module")
def keys_url() -> Iterator[str]:
    """Where the public keys are."""

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(KEYS.set_of_keys)))
            self.end_headers()
            self.wfile.write(KEYS.set_of_keys)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


@pytest.fixture
def environment(environment: dict[str, str], keys_url: str) -> dict[str, str]:
    return {**environment, "FEED_ACCESS_JWKS_URL": keys_url}


@pytest.fixture
def keys() -> Keys:
    return KEYS


def hide(running: Parts, owner: User, version: int = 1, visibility: str = "passcode") -> bool:
    database = running.service("video").request.database
    return change_visibility(database, owner.id, visibility, version)


def listed(reply: Reply) -> list[str]:
    assert reply.status == 200, reply
    return [post["post_id"] for post in reply.data["posts"]]


def test_public_posts_come_newest_first(user: User, post_of: PostMaker) -> None:
    owner = str(uuid.uuid4())
    made = [post_of(owner) for _ in range(5)]
    first = user.call("GET", FEED, query={"limit": 2})
    second = user.call("GET", FEED, query={"limit": 2, "cursor": first.data["next_cursor"]})
    post_of(owner)
    third = user.call("GET", FEED, query={"limit": 2, "cursor": second.data["next_cursor"]})

    assert listed(first) + listed(second) + listed(third) == made[::-1]
    assert third.data["next_cursor"] is None


def test_cursor_of_another_list_is_refused(user: User, post_of: PostMaker) -> None:
    owner = str(uuid.uuid4())
    posts = [post_of(owner) for _ in range(2)]
    cursors = {
        FEED: user.call("GET", FEED, query={"limit": 1}).data["next_cursor"],
        OF_OWNER: user.call("GET", OF_OWNER, query={"limit": 1}, owner_id=owner).data[
            "next_cursor"
        ],
    }
    others = [FEED, OF_OWNER, "/api/v1/videos", "/api/v1/notify/events"]
    others += [f"{POST}/comments", f"{POST}/likes"]

    for of, cursor in cursors.items():
        for path in others:
            ids = {"owner_id": owner, "post_id": posts[0]}
            wanted = {name: value for name, value in ids.items() if f"{{{name}}}" in path}
            reply = user.call("GET", path, query={"cursor": cursor}, **wanted)
            assert reply.status == (200 if path == of else 422), (of, path)
    theirs = user.call(
        "GET", OF_OWNER, query={"cursor": cursors[OF_OWNER]}, owner_id=str(uuid.uuid4())
    )
    assert theirs.status == 422


def test_post_says_what_a_page_shows(user: User, post_of: PostMaker) -> None:
    post = post_of(user.id, title="100 kg!")

    said = user.call("GET", POST, post_id=post).data

    times, urls = said.pop("created_at"), (said.pop("video_url"), said.pop("thumbnail_url"))
    assert said == {
        "post_id": post,
        "owner_id": user.id,
        "title": "100 kg!",
        "like_count": 0,
        "comment_count": 0,
        "liked": False,
        "duration_ms": 10_000,
        "width": 1280,
        "height": 720,
    }
    assert times
    assert all("X-Amz-Expires=900" in url for url in urls)
    answers = [httpx.get(url, trust_env=False) for url in urls]
    assert [answer.status_code for answer in answers] == [404, 404]  # signed well, nothing there


@pytest.mark.parametrize("path", [FEED, OF_OWNER, POST, f"{POST}/comments"])
def test_anonymous_callers_read_public_feeds(user: User, post_of: PostMaker, path: str) -> None:
    names = {"post_id": post_of(user.id), "owner_id": user.id}
    parameters = {name: value for name, value in names.items() if name in path}

    assert user.call("GET", path, headers=ANONYMOUS, **parameters).status == 200


def test_who_likes_is_for_users_only(user: User, post_of: PostMaker) -> None:
    post = post_of(user.id)

    assert user.call("GET", f"{POST}/likes", headers=ANONYMOUS, post_id=post).status == 401
    assert user.call("GET", f"{POST}/likes", post_id=post).status == 200


def test_access_waits_for_the_keys(
    make_user: Callable[[], User], running: Parts, keys: Keys, environment: dict[str, str]
) -> None:
    """Nobody can know whether a token is good: that is no refusal, and no crash."""
    owner, viewer = make_user(), make_user()
    hide(running, owner)
    away = wiring.build({**environment, "FEED_ACCESS_JWKS_URL": "http://127.0.0.1:1/jwks.json"})
    wiring.use(away)
    headers = {"X-Feed-Access": keys.token(viewer.id, owner.id, 1)}

    reply = viewer.call("GET", OF_OWNER, headers=headers, owner_id=owner.id)

    away.close()
    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize("path", [POST, f"{POST}/comments", f"{POST}/likes"])
def test_deleted_post_looks_like_none(
    make_user: Callable[[], User], settle: Callable[[str], None], post_of: PostMaker, path: str
) -> None:
    owner, viewer = make_user(), make_user()
    post = post_of(owner.id)
    refused = viewer.tell("feed.post.delete_requested", {"post_id": post})
    deleted = owner.tell("feed.post.delete_requested", {"post_id": post})
    settle("video")

    assert viewer.state(refused)["reason"] == "post_not_found"
    assert owner.state(deleted)["outcome"]["data"] == {"post_id": post}
    gone = viewer.call("GET", path, post_id=post)
    unknown = viewer.call("GET", path, post_id=str(uuid.uuid4()))
    assert gone[:3] == unknown[:3]
    assert gone.status == 404
    assert listed(viewer.call("GET", FEED)) == []


def test_unknown_owner_has_an_empty_feed(user: User) -> None:
    assert listed(user.call("GET", OF_OWNER, owner_id=str(uuid.uuid4()))) == []


def test_hidden_feed_leaves_the_public_one(
    make_user: Callable[[], User], running: Parts, post_of: PostMaker, keys: Keys
) -> None:
    owner, viewer = make_user(), make_user()
    post = post_of(owner.id)
    assert hide(running, owner)

    assert listed(viewer.call("GET", FEED)) == []
    assert listed(owner.call("GET", OF_OWNER, owner_id=owner.id)) == [post]
    refused = viewer.call("GET", OF_OWNER, owner_id=owner.id)
    assert (refused.status, refused.reason) == (403, "feed_access_required")
    assert viewer.call("GET", POST, post_id=post).status == 403
    anonymous = viewer.call("GET", OF_OWNER, headers=ANONYMOUS, owner_id=owner.id)
    assert anonymous.status == 401
    token = {"X-Feed-Access": keys.token(viewer.id, owner.id, 1)}
    assert listed(viewer.call("GET", OF_OWNER, headers=token, owner_id=owner.id)) == [post]
    assert viewer.call("GET", POST, headers=token, post_id=post).status == 200
    assert hide(running, owner, 2)
    assert viewer.call("GET", OF_OWNER, headers=token, owner_id=owner.id).status == 403
    assert hide(running, owner, 3, "public")
    assert listed(viewer.call("GET", FEED)) == [post]


def test_hiding_reads_the_owners_posts_only(user: User, query: Query) -> None:
    query(
        "video",
        "INSERT INTO feed_posts (post_id, owner_id, video_id, is_public, video_key, thumbnail_key,"
        " duration_ms, width, height) SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
        " true, 'v', 't', 1, 2, 2 FROM generate_series(1, 5000)",
    )
    query("video", "ANALYZE feed_posts")

    explain = f"EXPLAIN (FORMAT JSON) {FEED_OWNERS['move_posts']}"
    (plan,) = query("video", explain, owner_id=user.id, visibility="passcode")

    assert "Seq Scan" not in json.dumps(plan)
    assert "feed_posts_by_owner" in json.dumps(plan)


def test_older_decision_changes_nothing(
    user: User, running: Parts, post_of: PostMaker, settle: Callable[[str], None]
) -> None:
    post_of(user.id)
    assert hide(running, user, 5)

    assert not hide(running, user, 5, "public")
    assert not hide(running, user, 4, "public")
    assert listed(user.call("GET", FEED)) == []


WRONG: dict[str, dict[str, Any]] = {
    "another viewer": {"claims": {"sub": str(uuid.uuid4())}},
    "another owner": {"claims": {"feed_owner_id": str(uuid.uuid4())}},
    "an old version": {"claims": {"ver": 0}},
    "a version as text": {"claims": {"ver": "1"}},
    "expired": {"claims": {"exp": int(time.time()) - 60}},
    "not yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "another issuer": {"claims": {"iss": "https://issuer.example"}},
    "another audience": {"claims": {"aud": "app.events"}},
    "a list of audiences": {"claims": {"aud": ["video-service"]}},
    "no id": {"claims": {"jti": None}},
    "another type": {"head": {"typ": "JWT"}},
    "a rotated key": {"head": {"kid": "two"}},
    "critical": {"head": {"crit": ["b64"], "b64": True}},
    "another key": {"signs": ec.generate_private_key(ec.SECP256R1())},
    "a shared secret": {"signs": "x" * 32, "algorithm": "HS256"},
    "no signature": {"signs": None, "algorithm": "none"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_access_tokens_are_refused(
    make_user: Callable[[], User], running: Parts, keys: Keys, wrong: dict[str, Any]
) -> None:
    owner, viewer = make_user(), make_user()
    hide(running, owner)
    token = keys.token(viewer.id, owner.id, 1, **wrong)

    reply = viewer.call("GET", OF_OWNER, headers={"X-Feed-Access": token}, owner_id=owner.id)
    assert (reply.status, reply.reason) == (403, "feed_access_required")


def test_user_token_is_no_access_token(
    make_user: Callable[[], User], running: Parts, keys: Keys
) -> None:
    owner, viewer = make_user(), make_user()
    hide(running, owner)

    headers = {"X-Feed-Access": viewer.token}
    assert viewer.call("GET", OF_OWNER, headers=headers, owner_id=owner.id).status == 403
    viewer.token = keys.token(viewer.id, owner.id, 1)
    assert viewer.call("GET", OF_OWNER, owner_id=owner.id).status == 401

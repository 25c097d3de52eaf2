"""Uploads: what the store takes of a client, and what is complete."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from chalicelib.appevents.video.object_store import Bucket, bucket_of
from chalicelib.appevents.wiring import Parts
from fintegrate.storage.store import Store, StoreAway
from tests.integration.appevents.conftest import Reply, User
from tests.support.schedules import run_schedule

VIDEOS, VIDEO = "/api/v1/videos", "/api/v1/videos/{video_id}"
CONTENT = b"these are no real pictures"
TOLD = {"filename": "squat.mp4", "content_type": "video/mp4", "size_bytes": len(CONTENT)}
PART = 5_242_880
Query = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    small = {"UPLOAD_PART_BYTES": str(PART), "UPLOAD_PARTS_FROM_BYTES": str(PART)}
    return {**environment, **small, "OBJECT_STORE_PUT_ONCE": "1"}


@pytest.fixture
def bucket(running: Parts) -> Bucket:
    return bucket_of(running.settings)


def create(user: User, video: str | None = None, **more: Any) -> Reply:
    return user.call(
        "POST", VIDEOS, {**TOLD, "client_generated_id": video or str(uuid.uuid4()), **more}
    )


def send(upload: dict[str, Any], content: bytes = CONTENT, **headers: str) -> httpx.Response:
    sent = {**upload["headers"], "content-length": str(len(content)), **headers}
    return httpx.put(upload["url"], content=content, headers=sent, trust_env=False)


def complete(user: User, video: str, parts: Any = None) -> Reply:
    said = {} if parts is None else {"parts": parts}
    return user.call("POST", f"{VIDEO}/complete", said, video_id=video)


def uploaded(user: User, **more: Any) -> str:
    """A video whose file is in the store; returns its id."""
    made = create(user, **more)
    assert made.status == 201, made
    assert send(made.data["upload"]).status_code == 200
    return str(made.data["video_id"])


def events_of(query: Query, video: str) -> list[dict[str, Any]]:
    return query(
        "video", "SELECT event_type, data FROM outbox WHERE causation_id = %(video)s", video=video
    )


def test_file_is_sent_and_completed(user: User, query: Query) -> None:
    made = create(user, title="100 kg!")
    upload = made.data["upload"]
    assert (made.status, upload["method"]) == (201, "PUT")
    assert upload["headers"] == {
        "content-length": str(len(CONTENT)),
        "content-type": "video/mp4",
        "if-none-match": "*",
    }
    video = made.data["video_id"]
    assert complete(user, video).status == 409
    assert send(upload).status_code == 200

    for _ in range(2):
        done = complete(user, video)
        assert (done.status, done.data) == (202, {"video_id": video, "status": "uploaded"})
    (told,) = events_of(query, video)
    assert told["event_type"] == "media.uploaded"
    assert told["data"] == {
        "video_id": video,
        "bucket": "media",
        "key": f"uploads/{user.id}/{video}",
        "etag": told["data"]["etag"],
        "size_bytes": len(CONTENT),
        "content_type": "video/mp4",
    }
    shown = user.call("GET", VIDEO, video_id=video).data
    assert (shown["status"], shown["title"], shown["urls"]) == ("uploaded", "100 kg!", None)


def test_event_and_request_are_one_thing(user: User, settle: Callable[[str], None]) -> None:
    by_event = user.tell("media.upload_requested", TOLD)
    settle("video")
    said = user.state(by_event)["outcome"]
    assert said["event_type"] == "media.upload_ready"
    assert said["data"]["video_id"] == by_event
    assert create(user, by_event).data["video_id"] == by_event
    assert create(user, by_event, size_bytes=1).status == 409
    by_request = create(user).data["video_id"]
    user.tell("media.upload_requested", TOLD, by_request)
    other = user.tell(
        "media.upload_requested", {**TOLD, "size_bytes": 1}, create(user).data["video_id"]
    )
    settle("video")

    assert user.state(by_request)["status"] == "processed"
    assert user.state(other)["reason"] == "id_taken"
    assert send(said["data"]["upload"]).status_code == 200


def test_other_users_see_nothing(
    make_user: Callable[[], User], settle: Callable[[str], None]
) -> None:
    owner, other = make_user(), make_user()
    video, unknown = uploaded(owner), str(uuid.uuid4())
    for method, path, body in [
        ("GET", VIDEO, None),
        ("POST", f"{VIDEO}/complete", {}),
        ("POST", f"{VIDEO}/upload-url", {}),
    ]:
        found = other.call(method, path, body, video_id=video)
        assert found.status == 404
        assert found[:3] == other.call(method, path, body, video_id=unknown)[:3]
    assert create(other, video).status == 409
    other.tell("media.upload_requested", TOLD, video)
    settle("video")
    assert other.state(video)["reason"] == "id_taken"
    assert other.call("GET", VIDEOS).data["videos"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/html"},
        {"if-none-match": ""},
        {"host": "elsewhere.example"},
    ],
)
def test_store_refuses_other_headers(user: User, headers: dict[str, str]) -> None:
    assert send(create(user).data["upload"], **headers).status_code == 403


def test_store_refuses_another_size(user: User) -> None:
    upload = create(user).data["upload"]

    assert send(upload, CONTENT + b"!").status_code == 403
    assert send(upload, CONTENT[:-1]).status_code == 403


def test_store_refuses_another_key(user: User) -> None:
    upload = create(user).data["upload"]
    upload["url"] = upload["url"].replace(user.id, str(uuid.uuid4()))

    assert send(upload).status_code == 403


def test_wrong_file_is_removed(user: User, bucket: Bucket, query: Query) -> None:
    """Of a store that does not check what was signed."""
    made = create(user).data
    key = f"uploads/{user.id}/{made['video_id']}"
    headers = {"content-type": "text/html"}
    signed = bucket.signer.presigned("PUT", key, 60, headers=headers)
    httpx.put(signed.url, content=b"<html>", headers=headers, trust_env=False)

    refused = complete(user, made["video_id"])
    assert refused.status == 409
    assert "Found 6 bytes of text/html, expected 26 bytes of video/mp4" in refused.description
    assert bucket.store.look(key) is None
    assert events_of(query, made["video_id"]) == []
    assert send(made["upload"]).status_code == 200
    assert complete(user, made["video_id"]).status == 202


def test_completion_at_once_is_told_once(
    user: User, query: Query, settle: Callable[[str], None], running: Parts
) -> None:
    video = uploaded(user)

    def one(_: int) -> Reply:
        try:
            return complete(user, video)
        finally:
            running.close()

    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(one, range(6)))

    assert {(reply.status, reply.data["status"]) for reply in replies} == {(202, "uploaded")}
    assert len(events_of(query, video)) == 1


def test_large_file_is_sent_in_parts(user: User, query: Query) -> None:
    content = b"x" * PART + b"yz"
    made = create(user, size_bytes=len(content)).data
    upload = made["upload"]
    assert (upload["part_size"], upload["part_count"]) == (PART, 2)
    video, etags = made["video_id"], []
    assert complete(user, video).status == 422
    for part, piece in zip(upload["parts"], (content[:PART], content[PART:]), strict=True):
        assert send(part, piece + b"!").status_code == 403
        etags.append(send(part, piece).headers["etag"])
    named = [{"part_number": n, "etag": etag} for n, etag in enumerate(etags, start=1)]
    assert complete(user, video, named[:1]).status == 422

    for _ in range(2):
        assert complete(user, video, named[::-1]).status == 202
    (told,) = events_of(query, video)
    assert told["data"]["size_bytes"] == len(content)


def test_refused_parts_may_be_sent_again(user: User) -> None:
    content = b"x" * (PART + 2)
    video = create(user, size_bytes=len(content)).data["video_id"]
    wrong = [{"part_number": n, "etag": "0" * 32} for n in (1, 2)]
    assert complete(user, video, wrong).status == 409
    assert complete(user, video, wrong).status == 409

    fresh = user.call("POST", f"{VIDEO}/upload-url", {}, video_id=video).data["upload"]["parts"]
    pieces = content[:PART], content[PART:]
    sent = [send(part, piece) for part, piece in zip(fresh, pieces, strict=True)]
    named = [{"part_number": n, "etag": each.headers["etag"]} for n, each in enumerate(sent, 1)]
    assert complete(user, video, named).status == 202


def test_fresh_urls_are_given_while_awaited(user: User) -> None:
    video = create(user).data["video_id"]
    fresh = user.call("POST", f"{VIDEO}/upload-url", {}, video_id=video)
    assert (fresh.status, send(fresh.data["upload"]).status_code) == (200, 200)
    asked = {"part_numbers": [1]}
    assert user.call("POST", f"{VIDEO}/upload-url", asked, video_id=video).status == 422
    complete(user, video)

    assert user.call("POST", f"{VIDEO}/upload-url", {}, video_id=video).status == 409


def test_expired_upload_is_gone(user: User, query: Query, settle: Callable[[str], None]) -> None:
    video = uploaded(user)
    query(
        "video",
        "UPDATE videos SET expires_at = clock_timestamp() WHERE video_id = %(video)s",
        video=video,
    )

    assert complete(user, video).status == 410
    assert user.call("POST", f"{VIDEO}/upload-url", {}, video_id=video).status == 410
    assert create(user, video).status == 410
    user.tell("media.upload_requested", TOLD, video)
    settle("video")
    assert user.state(video)["reason"] == "upload_expired"
    assert events_of(query, video)[0]["event_type"] == "event.rejected"


def test_url_ends_with_the_upload(user: User, query: Query) -> None:
    video = create(user).data["video_id"]
    query(
        "video",
        "UPDATE videos SET expires_at = clock_timestamp() + interval '1 minute'",
    )

    renewed = user.call("POST", f"{VIDEO}/upload-url", {}, video_id=video).data
    assert renewed["upload"]["expires_at"] <= renewed["expires_at"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"size_bytes": 0}, "size_bytes"),
        ({"size_bytes": 524_288_001}, "size_bytes"),
        ({"size_bytes": "5"}, "size_bytes"),
        ({"content_type": "text/html"}, "content_type"),
        ({"filename": " "}, "filename"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"client_generated_id": "1"}, "client_generated_id"),
    ],
)
def test_wrong_requests_are_refused(user: User, wrong: dict[str, Any], field: str) -> None:
    reply = create(user, **wrong) if field != "client_generated_id" else create(user, "1")

    assert reply.status == 422
    assert reply.description.startswith(f"{field}: ")


def test_videos_are_listed_by_status(user: User) -> None:
    first, second = create(user).data["video_id"], uploaded(user)
    complete(user, second)

    everything = user.call("GET", VIDEOS, query={"limit": 1})
    rest = user.call("GET", VIDEOS, query={"cursor": everything.data["next_cursor"]})
    listed = [each["video_id"] for each in everything.data["videos"] + rest.data["videos"]]
    assert listed == [second, first]
    awaited = user.call("GET", VIDEOS, query={"status": "awaiting_upload"}).data["videos"]
    assert [each["video_id"] for each in awaited] == [first]


def test_expired_url_is_refused(user: User, bucket: Bucket) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    signed = bucket.signer.presigned("PUT", "uploads/a/b", 900, now=past)

    answer = httpx.put(signed.url, content=b"late", trust_env=False)
    assert answer.status_code in {400, 403}
    assert signed.expires_at.timestamp() < time.time()


@pytest.fixture
def upkeep() -> Callable[[], dict[str, Any]]:
    """Runs the hourly schedule."""
    return partial(run_schedule, "app_video_upkeep")


def test_uncompleted_uploads_expire(
    user: User, query: Query, bucket: Bucket, upkeep: Callable[[], dict[str, Any]]
) -> None:
    whole, kept = uploaded(user), uploaded(user)
    parts = create(user, size_bytes=PART + 1).data["video_id"]
    query(
        "video",
        "UPDATE videos SET expires_at = clock_timestamp() WHERE video_id <> %(kept)s",
        kept=kept,
    )

    nothing = {"expired": 0, "given_up": 0, "removed": 0, "posts": 0, "grants": 0}
    assert upkeep() == {**nothing, "expired": 2, "removed": 2}
    assert upkeep() == nothing
    for video in (whole, parts):
        assert user.call("GET", VIDEO, video_id=video).data["status"] == "expired"
        assert bucket.store.look(f"uploads/{user.id}/{video}") is None
    assert bucket.store.look(f"uploads/{user.id}/{kept}") is not None
    assert complete(user, kept).status == 202


def test_waiting_videos_of_a_user_are_bounded(
    rewired: Callable[..., Parts], user: User, query: Query
) -> None:
    """All users share one lane, which a video may hold for minutes."""
    rewired(VIDEOS_UNDER_WAY="2")
    first, second, third = (uploaded(user) for _ in range(3))

    replies = [complete(user, video) for video in (first, second, third)]

    assert [reply.status for reply in replies] == [202, 202, 429]
    assert (replies[2].reason, replies[2].headers["Retry-After"]) == ("too_many_videos", "60")
    assert complete(user, first).status == 202
    query("video", "UPDATE videos SET status = 'processed' WHERE video_id = %(video)s", video=first)
    assert complete(user, third).status == 202


def test_video_without_an_end_fails(
    user: User, query: Query, upkeep: Callable[[], dict[str, Any]]
) -> None:
    """The broker gave its message up, so nobody works on it any more."""
    old, young = uploaded(user), uploaded(user)
    for video, hours in ((old, 49), (young, 47)):
        complete(user, video)
        query(
            "video",
            "UPDATE videos SET status = 'processing',"
            " uploaded_at = clock_timestamp() - make_interval(hours => %(hours)s)"
            " WHERE video_id = %(video)s",
            video=video,
            hours=hours,
        )

    assert [upkeep()["given_up"], upkeep()["given_up"]] == [1, 0]

    shown = {video: user.call("GET", VIDEO, video_id=video).data for video in (old, young)}
    assert shown[young]["status"] == "processing"
    assert (shown[old]["status"], shown[old]["failure"]["reason_code"]) == ("failed", "gave_up")
    (told,) = query("video", "SELECT * FROM outbox WHERE event_type = 'media.failed'")
    assert (told["user_id"], told["data"]["video_id"]) == (user.id, old)


def test_originals_go_after_a_week(
    user: User, query: Query, bucket: Bucket, upkeep: Callable[[], dict[str, Any]]
) -> None:
    old, young = uploaded(user), uploaded(user)
    for video, days in ((old, 8), (young, 6)):
        complete(user, video)
        query(
            "video",
            "UPDATE videos SET status = 'processed',"
            " settled_at = clock_timestamp() - make_interval(days => %(days)s)"
            " WHERE video_id = %(video)s",
            video=video,
            days=days,
        )

    assert upkeep()["removed"] == 1
    assert bucket.store.look(f"uploads/{user.id}/{old}") is None
    assert bucket.store.look(f"uploads/{user.id}/{young}") is not None


def published(user: User, bucket: Bucket, query: Query) -> tuple[str, list[str]]:
    """A processed video with its post, whose id is the video's; the keys of its files in the store."""
    video = uploaded(user)
    complete(user, video)
    made = [f"media/{video}/etag/{name}" for name in ("video.mp4", "thumbnail.jpg")]
    for key in made:
        signed = bucket.signer.presigned("PUT", key, 60)
        assert httpx.put(signed.url, content=CONTENT, trust_env=False).status_code == 200
    facts = {"video": video, "owner": user.id, "video_key": made[0], "thumbnail_key": made[1]}
    query(
        "video",
        "INSERT INTO media_metadata (video_id, video_key, thumbnail_key, duration_ms, width, height,"
        " fps, video_codec, size_bytes) VALUES (%(video)s, %(video_key)s, %(thumbnail_key)s, 1, 2, 2,"
        " 1, 'h264', 5);"
        "INSERT INTO feed_posts (post_id, owner_id, video_id, is_public, video_key, thumbnail_key,"
        " duration_ms, width, height) VALUES (%(video)s, %(owner)s, %(video)s, true, %(video_key)s,"
        " %(thumbnail_key)s, 1, 2, 2);"
        "UPDATE videos SET status = 'processed', settled_at = now() WHERE video_id = %(video)s",
        **facts,
    )
    return video, [*made, f"uploads/{user.id}/{video}"]


def test_files_of_deleted_posts_go(
    user: User,
    query: Query,
    bucket: Bucket,
    upkeep: Callable[[], dict[str, Any]],
    settle: Callable[[str], None],
) -> None:
    gone, of_gone = published(user, bucket, query)
    kept, of_kept = published(user, bucket, query)
    assert upkeep()["posts"] == 0
    user.tell("feed.post.delete_requested", {"post_id": gone})
    settle("video")

    assert [upkeep()["posts"], upkeep()["posts"]] == [1, 0]

    assert [bucket.store.look(key) for key in of_gone] == [None] * 3
    assert None not in [bucket.store.look(key) for key in of_kept]
    shown = {video: user.call("GET", VIDEO, video_id=video).data for video in (gone, kept)}
    assert (shown[gone]["post_id"], shown[gone]["urls"]) == (None, None)
    assert shown[kept]["urls"].keys() == {"video_url", "thumbnail_url"}


def test_deleted_post_waits_for_the_store(
    user: User,
    query: Query,
    bucket: Bucket,
    upkeep: Callable[[], dict[str, Any]],
    settle: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post, keys = published(user, bucket, query)
    user.tell("feed.post.delete_requested", {"post_id": post})
    settle("video")
    real = Store.delete

    def broken(store: Store, key: str) -> None:
        if key == keys[1]:
            raise StoreAway
        real(store, key)

    monkeypatch.setattr(Store, "delete", broken)
    with pytest.raises(StoreAway):
        upkeep()
    monkeypatch.setattr(Store, "delete", real)

    assert upkeep()["posts"] == 1
    assert [bucket.store.look(key) for key in keys] == [None] * 3

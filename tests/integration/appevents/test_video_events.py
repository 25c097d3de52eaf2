"""What other services tell the service for videos, as messages on the exchange."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import Processed
from chalicelib.appevents.feed_owners import change_visibility
from chalicelib.appevents.topology import EXCHANGE
from chalicelib.appevents.video.publishing import publish
from chalicelib.appevents.wiring import Parts
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import User
from tests.integration.appevents.posts import PostMaker
from tests.support.waiting import eventually

FEED = "/api/v1/feed"
Query = Callable[..., list[dict[str, Any]]]
METADATA = {
    "duration_ms": 10_000,
    "width": 1280,
    "height": 720,
    "fps": 30.0,
    "video_codec": "h264",
    "audio_codec": None,
    "size_bytes": 5,
}


def tell(running: Parts, event_type: str, user: str, data: dict[str, Any]) -> None:
    """Publish an event of the service of settings."""
    said = {
        "schema_version": "1.0.0",
        "event_type": event_type,
        "client_generated_id": str(uuid.uuid4()),
        "user_id": user,
        "timestamp": "2026-11-26T10:00:00Z",
        "source_service": "settings",
        "data": data,
    }
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish(EXCHANGE, event_type, json.dumps(said).encode())


def visibility(owner: str, value: str, version: int) -> dict[str, Any]:
    return {"owner_id": owner, "visibility": value, "access_version": version}


def test_visibility_goes_forward_only(
    user: User, running: Parts, post_of: PostMaker, settle: Callable[[str], None], query: Query
) -> None:
    post_of(user.id)
    for value, version in (("public", 3), ("passcode", 4), ("public", 2), ("public", 4)):
        tell(running, "feed.visibility.changed", user.id, visibility(user.id, value, version))
    settle("video")

    (owner,) = query("video", "SELECT visibility, access_version FROM feed_owners")
    assert owner == {"visibility": "passcode", "access_version": 4}
    assert user.call("GET", FEED).data["posts"] == []


def test_nobody_else_decides_a_visibility(
    make_user: Callable[[], User], running: Parts, settle: Callable[[str], None], query: Query
) -> None:
    owner, other = make_user(), make_user()
    tell(running, "feed.visibility.changed", other.id, visibility(owner.id, "passcode", 1))
    settle("video")

    assert query("video", "SELECT 1 FROM feed_owners") == []


def test_grant_lets_its_viewer_comment(
    make_user: Callable[[], User],
    running: Parts,
    post_of: PostMaker,
    settle: Callable[[str], None],
) -> None:
    owner, viewer, other = make_user(), make_user(), make_user()
    post = post_of(owner.id)
    tell(running, "feed.visibility.changed", owner.id, visibility(owner.id, "passcode", 1))
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    sealed = {"key_id": "k", "sealed": "x"}
    said = {"feed_owner_id": owner.id, "access_version": 1, "expires_at": ends}
    tell(running, "feed.access.granted", viewer.id, {**said, "access_token": sealed})
    settle("video")
    told = [
        each.tell("comment.created", {"post_id": post, "body": "Hi"}) for each in (viewer, other)
    ]
    settle("video")

    assert viewer.state(told[0])["status"] == "processed"
    assert other.state(told[1])["reason"] == "post_not_found"


def test_others_files_are_never_shown(
    make_user: Callable[[], User], running: Parts, settle: Callable[[str], None], query: Query
) -> None:
    """Nor removed with the post: somebody who may publish names the upload of another user."""
    thief, victim, video = make_user(), make_user(), str(uuid.uuid4())
    query(
        "video",
        "INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, status, etag,"
        " expires_at) VALUES (%(video)s, %(user)s, 'a', 'video/mp4', 5, 'processing', 'e', now())",
        video=video,
        user=thief.id,
    )
    own, theirs = f"media/{video}/e/v", f"uploads/{victim.id}/{uuid.uuid4()}"
    for key, other in ((theirs, own), (own, theirs), (own, f"media/{video}x/e/t")):
        data = {"video_id": video, "video_key": key, "thumbnail_key": other, "metadata": METADATA}
        tell(running, "media.processed", thief.id, data)
    settle("video")

    assert query("video", "SELECT 1 FROM feed_posts") == []
    rejected = "SELECT data FROM outbox WHERE event_type = 'event.rejected'"
    codes = [each["data"]["reason_code"] for each in query("video", rejected)]
    assert codes == ["invalid_data"] * 3


def test_post_written_meanwhile_is_hidden(user: User, running: Parts, query: Query) -> None:
    """A visibility that changes while a post is being written waits for it, and then finds it."""
    video = str(uuid.uuid4())
    query(
        "video",
        "INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, status, etag,"
        " expires_at) VALUES (%(video)s, %(user)s, 'a', 'video/mp4', 5, 'processing', 'e', now())",
        video=video,
        user=user.id,
    )
    database, now = running.service("video").request.database, datetime.now(UTC)
    made = f"media/{video}/e"
    data = {"video_id": uuid.UUID(video), "video_key": f"{made}/v", "thumbnail_key": f"{made}/t"}
    told = Processed.model_validate({**data, "metadata": METADATA})
    event = Event(str(uuid.uuid4()), user.id, "media.processed", told, now, now, None, "", None)

    def hide() -> None:
        change_visibility(database, user.id, "passcode", 1)
        database.close()

    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    waits += " AND wait_event_type = 'Lock'"
    hiding = Thread(target=hide)
    with database.transaction():
        assert publish(database, event) is not None
        hiding.start()
        eventually(lambda: bool(query("video", waits)), "the change waits for the post")
    hiding.join(10)

    assert query("video", "SELECT is_public FROM feed_posts") == [{"is_public": False}]
    with database.transaction():
        assert publish(database, event) is None

"""What became of a video: a processed one is a post in its owner's feed, and a failed one says why."""

from __future__ import annotations

from uuid import UUID

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import Failed, Processed
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def publish(db: Database, event: Event[Processed]) -> Reply | None:
    """Put a processed video into its owner's feed, once. A post has the id of this event.

    Raises:
        Rejected: the user has no such video, or its files are not where processing puts them.
    """
    told = event.data
    if not all(key.startswith(media_folder(told.video_id)) for key in _keys(told)):
        raise Rejected("invalid_data", "data: the keys are not those of the video's files")
    wanted = {
        "post_id": event.id,
        "video_id": str(told.video_id),
        "user_id": event.user_id,
        "video_key": told.video_key,
        "thumbnail_key": told.thumbnail_key,
        **told.metadata.model_dump(),
    }
    video = db.fetch_one(SQL["lock"], wanted)
    if video is None:
        raise Rejected("video_not_found", "There is no such video")
    if video["status"] == "processed":
        return None
    db.execute(SQL["know_owner"], wanted)
    owner = db.fetch_one(SQL["hold_owner"], wanted)
    assert owner is not None
    db.execute(SQL["write_metadata"], wanted)
    post = db.fetch_one(SQL["write_post"], {**wanted, **owner})
    if video["status"] == "expired":  # its user was erased while it was being made
        db.execute(SQL["withdraw"], wanted)
        return None
    db.execute(SQL["settle"], wanted)
    return Reply("feed.post.created", {**post, **owner}) if post else None


def media_folder(video_id: UUID) -> str:
    """Where the files are that are made of a video. No other is shown, or removed with a post."""
    return f"media/{video_id}/"


def _keys(told: Processed) -> tuple[str, str]:
    return told.video_key, told.thumbnail_key


def fail(db: Database, event: Event[Failed]) -> None:
    """Write why a video cannot be shown. One that is shown stays so."""
    told = event.data
    wanted = {"video_id": str(told.video_id), "user_id": event.user_id}
    db.execute(SQL["fail"], {**wanted, "code": told.reason_code, "reason": told.reason})

"""The end of an upload: what is in the store is looked at, its ETag is pinned, and that is told once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.outbox import Reply, write_reply
from chalicelib.appevents.video.models import UploadedPart
from chalicelib.appevents.video.object_store import Bucket
from chalicelib.appevents.video.uploads import (
    AWAITING,
    EXPIRED,
    SQL,
    begin_parts_again,
    original_key,
    own_video,
    part_count,
)
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, Gone, Invalid, TooManyRequests
from fintegrate.storage.store import Found, Part, PartsRefused

UPLOADED = "media.uploaded"
TOO_MANY, WAIT_SECONDS = "too_many_videos", 60
_OVER = "This upload has expired; ask for a new one"


def complete(bucket: Bucket, db: Database, row: Row, told: list[UploadedPart] | None) -> Row | None:
    """Complete an upload; returns the row to publish. None: it was complete already.

    Raises:
        Gone: the time for it is over.
        Conflict: what is in the store is not what was declared.
        Invalid: the parts are missing.
        TooManyRequests: too many of the user's videos wait to be processed.
    """
    if row["status"] == EXPIRED or (
        row["status"] == AWAITING and row["expires_at"] <= datetime.now(UTC)
    ):
        raise Gone(_OVER)
    if row["status"] != AWAITING:
        return None
    _check_turn(db, row["user_id"], bucket.settings.videos_under_way)
    if row["size_bytes"] > bucket.settings.upload_parts_from_bytes:
        _join(bucket, db, row, told)
    return _pin(bucket, db, row, _looked_at(bucket, db, row))


def _check_turn(db: Database, user_id: str, most: int) -> None:
    """Several at once may all pass; that is a few more, and no user has the lane alone."""
    found = db.fetch_one(SQL["count_under_way"], {"user_id": user_id})
    if found is not None and found["count"] >= most:
        said = f"{most} of your videos wait to be processed; complete this one when they are done"
        raise TooManyRequests(said, WAIT_SECONDS, reason=TOO_MANY)


def _join(bucket: Bucket, db: Database, row: Row, told: list[UploadedPart] | None) -> None:
    """Make one object of the parts."""
    count = part_count(bucket.settings, row["size_bytes"])
    numbers = [part.part_number for part in told or []]
    if sorted(numbers) != list(range(1, count + 1)):
        raise Invalid(f"parts: this file has {count} parts; send each with its ETag, once")
    if not row["upload_id"]:
        raise Conflict("No part has been uploaded yet; ask for URLs first")
    named = sorted(Part(part.part_number, part.etag) for part in told or [])
    try:
        bucket.store.complete_parts(original_key(row), row["upload_id"], named)
    except PartsRefused as refused:
        # Also of an upload that was completed by a request that died afterwards.
        if bucket.store.look(original_key(row)) is not None:
            return
        if refused.code == "NoSuchUpload":
            begin_parts_again(db, row)
        raise Conflict(
            f"The object store refused the parts ({refused.code}); ask for URLs and send them again"
        ) from None


def _looked_at(bucket: Bucket, db: Database, row: Row) -> Found:
    """What is in the store. What was not declared is removed, so that the upload can be repeated."""
    key, found = original_key(row), bucket.store.look(original_key(row))
    expected = f"{row['size_bytes']} bytes of {row['content_type']}"
    if found is None:
        raise Conflict(f"Nothing has been uploaded yet; expected {expected}")
    if (found.size_bytes, found.content_type) != (row["size_bytes"], row["content_type"]):
        bucket.store.delete(key)
        begin_parts_again(db, row)
        raise Conflict(
            f"Found {found.size_bytes} bytes of {found.content_type or 'no type'}, expected "
            f"{expected}; upload it again"
        )
    return found


def _pin(bucket: Bucket, db: Database, row: Row, found: Found) -> Row | None:
    written = None
    with db.transaction():
        pinned = {"video_id": row["video_id"], "user_id": row["user_id"], "etag": found.etag}
        if db.fetch_one(SQL["complete"], pinned):
            data = {
                "video_id": row["video_id"],
                "bucket": bucket.signer.bucket,
                "key": original_key(row),
                "etag": found.etag,
                "size_bytes": found.size_bytes,
                "content_type": found.content_type,
            }
            written = write_reply(db, "video", _request_of(row), Reply(UPLOADED, data))
    if written is None and own_video(db, row["user_id"], row["video_id"])["status"] == EXPIRED:
        raise Gone(_OVER)
    return written


def _request_of(row: Row) -> Event[Any]:
    """What asked for the video, as far as what follows from it needs it."""
    at, kind = row["created_at"], "media.upload_requested"
    return Event(row["video_id"], row["user_id"], kind, None, at, at, None, "", None)

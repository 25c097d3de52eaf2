"""Uploads: where a client sends its file, and when it is complete.

The client sends the file to the store itself, with URLs that are good for one key, one size and one
type. A large file is sent in parts. A video has the id of the event, or of the request, that asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import UploadRequested
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.sealed_fields import SealedFields
from chalicelib.appevents.video.models import PARTS_AT_ONCE
from chalicelib.appevents.video.object_store import Bucket
from fintegrate.database import Database, Row
from fintegrate.errors import Gone, Invalid, NotFound
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside
from fintegrate.storage.store import StoreAway

SQL = queries_beside(__name__)
AWAITING, EXPIRED = "awaiting_upload", "expired"
READY = "media.upload_ready"
_TOLD = ("filename", "content_type", "size_bytes", "title")


class IdTaken(Exception):
    """Another video, or another user's, has this id."""


class TooLarge(Exception):
    """Larger than MAX_UPLOAD_BYTES."""


def upload_requested(
    bucket: Bucket, sealed: SealedFields, db: Database, event: Event[UploadRequested]
) -> Reply:
    """Make a video, and offer its upload; the URLs in the answer are sealed for the user.

    Raises:
        Rejected: its id is taken, or it is too large.
        NotYet: the store is away.
    """
    try:
        row = request_upload(bucket, db, event.user_id, event.id, event.data)
        said = sealed.seal(READY, event.user_id, event.id, offer(bucket, db, row))
        return Reply(READY, said)
    except IdTaken:
        raise Rejected("id_taken", "Another video has this id") from None
    except TooLarge:
        raise Rejected("too_large", too_large_text(bucket.settings)) from None
    except Gone as error:
        raise Rejected("upload_expired", error.description) from None
    except StoreAway as error:
        raise NotYet("store_away", error.description) from None


def request_upload(
    bucket: Bucket, db: Database, user_id: str, video_id: str, told: UploadRequested
) -> Row:
    """A user's video with this id, made if there is none. The same request again finds the same.

    Raises:
        IdTaken: there is another one.
        TooLarge: the file is larger than the setting allows.
    """
    settings = bucket.settings
    if told.size_bytes > settings.max_upload_bytes:
        raise TooLarge
    said = {name: getattr(told, name) for name in _TOLD}
    wanted = {
        "video_id": video_id,
        "user_id": user_id,
        **said,
        "seconds": settings.upload_expires_seconds,
    }
    db.execute(SQL["request"], wanted)
    row = db.fetch_one(SQL["find"], wanted)
    if row is None or any(row[name] != value for name, value in said.items()):
        raise IdTaken
    return row


def offer(
    bucket: Bucket, db: Database, row: Row, numbers: Sequence[int] | None = None
) -> dict[str, Any]:
    """Where to send the file, or these parts of it.

    Raises:
        Gone: the time for it is over.
        Invalid: the file has no such part.
        StoreAway: the parts cannot be begun.
    """
    settings, ends = bucket.settings, row["expires_at"]
    seconds = min(settings.upload_url_seconds, int((ends - datetime.now(UTC)).total_seconds()))
    if row["status"] == EXPIRED or seconds < 1:
        raise Gone("The time for this upload is over; ask for a new one")
    if row["size_bytes"] <= settings.upload_parts_from_bytes:
        if numbers:
            raise Invalid("part_numbers: this file is sent in one piece; leave them out")
        upload = _whole(bucket, row, seconds)
    else:
        row = _with_parts_begun(bucket, db, row)
        upload = _in_parts(bucket, row, seconds, numbers)
    return {"video_id": row["video_id"], "expires_at": ends, "upload": upload}


def own_video(db: Database, user_id: str, video_id: str) -> Row:
    """A video of the user's.

    Raises:
        NotFound: the user has none with this id.
    """
    row = db.fetch_one(SQL["find"], {"video_id": video_id, "user_id": user_id}, revive=True)
    if row is None:
        raise NotFound("No such video; check its id")
    return row


def original_key(row: Row) -> str:
    return f"uploads/{row['user_id']}/{row['video_id']}"


def part_count(settings: Configuration, size_bytes: int) -> int:
    return -(-size_bytes // settings.upload_part_bytes)


def begin_parts_again(db: Database, row: Row) -> None:
    """Begin the parts of a file anew, after the store has lost or refused them."""
    wanted = {"video_id": row["video_id"], "user_id": row["user_id"], "lost": row["upload_id"]}
    db.execute(SQL["forget_parts"], wanted)


def _whole(bucket: Bucket, row: Row, seconds: int) -> dict[str, Any]:
    headers = {"content-length": str(row["size_bytes"]), "content-type": row["content_type"]}
    if bucket.settings.object_store_put_once:
        headers["if-none-match"] = "*"
    signed = bucket.signer.presigned("PUT", original_key(row), seconds, headers=headers)
    return _request(signed.url, headers, signed.expires_at)


def _in_parts(
    bucket: Bucket, row: Row, seconds: int, numbers: Sequence[int] | None
) -> dict[str, Any]:
    settings = bucket.settings
    count = part_count(settings, row["size_bytes"])
    wanted = sorted(set(numbers or range(1, min(count, PARTS_AT_ONCE) + 1)))
    if wanted[-1] > count:
        raise Invalid(f"part_numbers: this file has {count} parts")
    return {
        "part_size": settings.upload_part_bytes,
        "part_count": count,
        "parts": list(_parts(bucket, row, seconds, wanted)),
    }


def _parts(
    bucket: Bucket, row: Row, seconds: int, numbers: Sequence[int]
) -> Iterator[dict[str, Any]]:
    for number in numbers:
        most = bucket.settings.upload_part_bytes
        length = min(most, row["size_bytes"] - (number - 1) * most)
        headers = {"content-length": str(length)}
        query = {"partNumber": str(number), "uploadId": row["upload_id"]}
        signed = bucket.signer.presigned(
            "PUT", original_key(row), seconds, headers=headers, query=query
        )
        yield {"part_number": number, **_request(signed.url, headers, signed.expires_at)}


def _request(url: str, headers: dict[str, str], expires_at: datetime) -> dict[str, Any]:
    return {"method": "PUT", "url": url, "headers": headers, "expires_at": expires_at.isoformat()}


def _with_parts_begun(bucket: Bucket, db: Database, row: Row) -> Row:
    """Of two that begin at once the first one counts; the store ends the other's after a day."""
    if row["upload_id"]:
        return row
    begun = bucket.store.begin_parts(original_key(row), row["content_type"])
    wanted = {"video_id": row["video_id"], "user_id": row["user_id"], "upload_id": begun}
    db.execute(SQL["begin_parts"], wanted)
    found = db.fetch_one(SQL["find"], wanted)
    assert found is not None
    return found


def too_large_text(settings: Configuration) -> str:
    return f"size_bytes: must be at most {settings.max_upload_bytes}"

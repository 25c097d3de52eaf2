"""A user's own videos, and what became of them."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.video.object_store import UrlOf
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
_PLAIN = (
    *("video_id", "title", "filename", "content_type", "size_bytes", "status"),
    *("created_at", "expires_at", "post_id"),
)
METADATA = ("duration_ms", "width", "height", "fps", "video_codec", "audio_codec")


def find_video(db: Database, user_id: str, video_id: str) -> Row:
    """A video of the user's.

    Raises:
        NotFound: the user has none with this id.
    """
    row = db.fetch_one(SQL["find"], {"video_id": video_id, "user_id": user_id}, revive=True)
    if row is None:
        raise NotFound("No such video; check its id")
    return row


def list_videos(db: Database, user_id: str, wanted: dict[str, Any]) -> list[Row]:
    """A user's videos, newest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, **wanted})


def shown(url_of: UrlOf, row: Row) -> Row:
    """A video as its owner sees it."""
    video: Row = {name: row[name] for name in _PLAIN}
    failed, is_made = row["failure_code"], row["video_key"] is not None
    video["failure"] = {"reason_code": failed, "reason": row["failure_reason"]} if failed else None
    video["metadata"] = (
        {**{name: row[name] for name in METADATA}, "size_bytes": row["made_bytes"]}
        if is_made
        else None
    )
    # Of a deleted post there are no files.
    video["urls"] = _urls(url_of, row) if is_made and row["post_id"] else None
    return video


def _urls(url_of: UrlOf, row: Row) -> dict[str, str]:
    return {
        "video_url": url_of(row["video_key"]),
        "thumbnail_url": url_of(row["thumbnail_key"]),
    }

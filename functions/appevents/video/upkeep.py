"""What time does to videos: some uploads expire, some videos fail, and files go.

Each step may be repeated, and a run that dies leaves the rest to the next one.
"""

from __future__ import annotations

import time
from uuid import UUID, uuid5

from chalicelib.appevents.outbox import write_event
from chalicelib.appevents.video.object_store import Bucket
from chalicelib.appevents.video.processing.failing import REASONS
from chalicelib.appevents.video.uploads import original_key
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
FAILED, GAVE_UP = "media.failed", "gave_up"
ORIGINAL_DAYS = 7
GIVE_UP_HOURS = 48
"""Longer than a message waits for a server, which is a day, and for its tries and its turn."""
BATCH = 100


def expire_uploads(db: Database) -> int:
    """End the uploads whose time is over; returns how many."""
    return db.execute(SQL["expire"], {})


def give_up_videos(db: Database) -> int:
    """Fail the videos that were uploaded two days ago and are not settled; returns how many.

    The broker may have given their message up. If it comes all the same, such as when an operator sends
    it back, the video is processed.
    """
    failure = {"reason_code": GAVE_UP, "reason": REASONS[GAVE_UP]}
    wanted = {"code": GAVE_UP, "reason": REASONS[GAVE_UP], "hours": GIVE_UP_HOURS, "batch": BATCH}
    with db.transaction():
        rows = db.fetch_all(SQL["give_up"], wanted)
        for row in rows:
            event_id = str(uuid5(UUID(row["video_id"]), f"video upkeep {FAILED}"))
            said = {"video_id": row["video_id"], **failure}
            write_event(db, FAILED, event_id, row["user_id"], said)
    return len(rows)


def remove_originals(bucket: Bucket, db: Database, deadline: float) -> int:
    """Remove the files of uploads that expired, and those from which a video was made a week ago.

    Stops at the deadline, a time on the monotonic clock. Returns how many were removed.
    """
    removed = 0
    while time.monotonic() < deadline:
        rows = db.fetch_all(SQL["removable"], {"days": ORIGINAL_DAYS, "batch": BATCH})
        for row in rows:
            key = original_key(row)
            if row["upload_id"]:
                bucket.store.end_parts(key, row["upload_id"])
            bucket.store.delete(key)
            db.execute(SQL["removed"], row)
            removed += 1
        if len(rows) < BATCH:
            break
    return removed


def remove_media(bucket: Bucket, db: Database, deadline: float) -> int:
    """Remove all files of posts that were deleted, the original too.

    Stops at the deadline, a time on the monotonic clock. Returns of how many posts.
    """
    removed = 0
    while time.monotonic() < deadline:
        rows = db.fetch_all(SQL["deleted_posts"], {"batch": BATCH})
        for row in rows:
            for key in (row["video_key"], row["thumbnail_key"], original_key(row)):
                bucket.store.delete(key)
            db.execute(SQL["media_removed"], row)
            removed += 1
        if len(rows) < BATCH:
            break
    return removed


def forget_grants(db: Database) -> int:
    """Remove the grants that ended; returns how many."""
    return db.execute(SQL["forget_grants"], {})

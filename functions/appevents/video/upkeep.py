"""What time does to videos: uploads that nobody completed expire, originals and deleted posts' files go.

Each step may be repeated, and a run that dies leaves the rest to the next one.
"""

from __future__ import annotations

import time

from chalicelib.appevents.video.object_store import Bucket
from chalicelib.appevents.video.uploads import original_key
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
ORIGINAL_DAYS = 7
BATCH = 100


def expire_uploads(db: Database) -> int:
    """End the uploads whose time is over; returns how many."""
    return db.execute(SQL["expire"], {})


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

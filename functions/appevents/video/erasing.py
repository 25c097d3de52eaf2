"""Erases a user from videos and feeds: posts, comments, likes and grants go, videos lose their names.

A deleted comment stays as an empty place in its thread. Files are removed by the upkeep within the hour,
also what is made of a video that is being processed now (`publishing.publish`).
"""

from __future__ import annotations

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.erasing import erased, forget_told
from chalicelib.appevents.events.erasure import EraseRequested
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.video.comments import take_out
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LOCKS = {"unlike_posts": "lock_liked_posts", "unlike_comments": "lock_liked_comments"}
STEPS = ("videos", "posts", "unlike_posts", "unlike_comments", "unlikes", "grants")


def erase_user(settings: Configuration, db: Database, event: Event[EraseRequested]) -> Reply:
    """Delete what is the user's here."""
    own = {"user_id": event.user_id, "url_seconds": settings.upload_url_seconds}
    counts = [forget_told(db, event)]
    comments = db.fetch_all(SQL["own_comments"], own)
    for comment in comments:
        take_out(db, comment["comment_id"])
    for step in STEPS:
        if step in LOCKS:
            db.fetch_all(SQL[LOCKS[step]], own)
        counts.append(db.execute(SQL[step], own))
    return erased("video", [*counts, len(comments)])

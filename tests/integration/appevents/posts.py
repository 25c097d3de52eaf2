"""Posts as processing leaves them, written by tests that need no real video."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

PostMaker = Callable[..., str]
Query = Callable[..., list[dict[str, Any]]]


def write_post(query: Query, owner: str, title: str | None = None) -> str:
    """Write a public post of this owner; returns its id."""
    post = str(uuid.uuid4())
    query(
        "video",
        "INSERT INTO feed_posts (post_id, owner_id, video_id, title, is_public, video_key,"
        " thumbnail_key, duration_ms, width, height)"
        " VALUES (%(post)s, %(owner)s, %(video)s, %(title)s, true, %(key)s, %(key)s, 10000, 1280, 720)",
        post=post,
        owner=owner,
        video=str(uuid.uuid4()),
        title=title,
        key=f"media/{post}/etag/video.mp4",
    )
    return post

"""Loads as many posts, or replies, as years leave behind. Then the tables are as after autovacuum."""

from __future__ import annotations

import uuid
from typing import Any

from local.appevents.bench.databases import AppDatabases

# A post every ten seconds, by 10,000 owners; of the keys each has the length of a real one.
POSTS = """
INSERT INTO feed_posts (post_id, owner_id, video_id, title, is_public, video_key, thumbnail_key,
                        duration_ms, width, height, like_count, comment_count, created_at)
SELECT video_id, md5('owner ' || n %% 10000)::uuid, video_id, 'Squat, 100 kg, day ' || n, true,
       folder || 'video.mp4', folder || 'thumbnail.jpg', 10000, 1280, 720, n %% 500, n %% 50,
       now() - (%(count)s - n) * interval '10 seconds'
FROM (SELECT n, gen_random_uuid() AS video_id FROM generate_series(1, %(count)s) n) AS made,
     LATERAL (SELECT 'media/' || video_id || '/' || md5(n::text) || '/') AS place (folder)
"""
LIKES = """
INSERT INTO likes (target_id, user_id, target_type, told_at)
SELECT post_id, %(user_id)s, 'post', created_at FROM feed_posts WHERE like_count %% 10 = 0
"""
REPLIES = """
INSERT INTO comments (comment_id, post_id, parent_id, user_id, body, depth, created_at)
SELECT gen_random_uuid(), %(post_id)s, %(parent_id)s, gen_random_uuid(),
       'Nice! How long did you rest between the sets? Reply ' || n, 2,
       now() - (%(count)s - n) * interval '1 second'
FROM generate_series(1, %(count)s) n
"""
COMMENT = """
INSERT INTO comments (comment_id, post_id, user_id, body, depth, reply_count)
VALUES (%(id)s, %(post_id)s, gen_random_uuid(), 'Nice!', 1, %(count)s)
"""
NTH_POST = """
SELECT created_at, post_id FROM feed_posts WHERE is_public AND deleted_at IS NULL
ORDER BY created_at DESC, post_id DESC OFFSET %(number)s - 1 LIMIT 1
"""
NTH_REPLY = """
SELECT created_at, comment_id FROM comments WHERE parent_id = %(parent_id)s AND is_listed
ORDER BY created_at, comment_id OFFSET %(number)s - 1 LIMIT 1
"""


def write_many_posts(databases: AppDatabases, count: int, user_id: str) -> None:
    """Write public posts, of which the user likes every tenth."""
    databases.rows("video", POSTS, count=count)
    databases.rows("video", LIKES, user_id=user_id)
    _settle(databases, "feed_posts", "likes")


def write_many_replies(databases: AppDatabases, post_id: str, count: int) -> str:
    """Write a comment with so many replies; returns its id."""
    parent_id = str(uuid.uuid4())
    databases.rows("video", COMMENT, id=parent_id, post_id=post_id, count=count)
    databases.rows("video", REPLIES, post_id=post_id, parent_id=parent_id, count=count)
    _settle(databases, "comments")
    return parent_id


def nth_post(databases: AppDatabases, number: int) -> dict[str, Any]:
    """The time and the id of a post in the feed of all; the newest is the first."""
    ((at, post_id),) = databases.rows("video", NTH_POST, number=number)
    return {"created_at": at, "post_id": post_id}


def nth_reply(databases: AppDatabases, parent_id: str, number: int) -> dict[str, Any]:
    """The time and the id of a reply; the oldest is the first."""
    ((at, comment_id),) = databases.rows("video", NTH_REPLY, parent_id=parent_id, number=number)
    return {"created_at": at, "comment_id": comment_id}


def _settle(databases: AppDatabases, *tables: str) -> None:
    for table in tables:
        databases.rows("video", f"VACUUM (ANALYZE) {table}")
    databases.rows("video", "CHECKPOINT")

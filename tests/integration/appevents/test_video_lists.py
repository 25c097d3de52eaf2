"""The lists of the service of videos read what their pages show, however much there is."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.appevents.conftest import User
from tests.support.plans import rows_read

FEED, OF_OWNER = "/api/v1/feed", "/api/v1/feed/{owner_id}"
COMMENTS, LIKES = "/api/v1/posts/{post_id}/comments", "/api/v1/posts/{post_id}/likes"
VIDEOS = "/api/v1/videos"
ANONYMOUS = {"Authorization": ""}
MANY, LIMIT = 20_000, 10
Query = Callable[..., list[dict[str, Any]]]

# Half of the posts are one owner's; of the rest every other one is hidden. The reader likes each post.
POSTS = """
INSERT INTO feed_posts (post_id, owner_id, video_id, is_public, video_key, thumbnail_key, duration_ms,
                        width, height, created_at, deleted_at)
SELECT gen_random_uuid(),
       CASE WHEN n %% 2 = 0 THEN %(owner)s ELSE md5((n %% 100)::text) END::uuid, gen_random_uuid(),
       n %% 4 <> 1, 'media/video.mp4', 'media/thumbnail.jpg', 10000, 1280, 720,
       now() - n * interval '1 minute', CASE WHEN n %% 20 < 2 THEN now() END
FROM generate_series(1, %(many)s) n
"""
LIKED = """
INSERT INTO likes (target_id, user_id, target_type, told_at)
SELECT post_id, reader, 'post', now()
FROM feed_posts, unnest(ARRAY[%(reader)s, gen_random_uuid()]) AS readers (reader)
"""
COMMENTED = """
INSERT INTO comments (comment_id, post_id, parent_id, user_id, body, depth, reply_count, is_listed,
                      created_at)
SELECT md5('comment ' || n)::uuid, %(post)s, parent, gen_random_uuid(), 'Nice!', depth,
       CASE WHEN depth = 1 THEN %(many)s / 100 ELSE 0 END, n %% 50 <> 7,
       now() - (%(many)s - n) * interval '1 second'
FROM (SELECT n, CASE WHEN n <= 100 THEN 1 ELSE 2 END AS depth,
             CASE WHEN n > 100 THEN md5('comment ' || 1 + n %% 100)::uuid END AS parent
      FROM generate_series(1, %(many)s) n) AS made
"""
LIKED_BY_MANY = """
INSERT INTO likes (target_id, user_id, target_type, told_at)
SELECT target, gen_random_uuid(), 'post', now()
FROM generate_series(1, %(many)s) n, unnest(ARRAY[%(post)s, gen_random_uuid()]) AS targets (target)
"""
UPLOADED = """
INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, status, etag, created_at,
                    expires_at)
SELECT gen_random_uuid(), owner, 'squat.mp4', 'video/mp4', 1,
       CASE n %% 400 WHEN 1 THEN 'expired' WHEN 2 THEN 'uploaded' ELSE 'processed' END, 'etag',
       now() - n * interval '1 minute', now()
FROM generate_series(1, %(many)s / 2) n, unnest(ARRAY[%(owner)s, gen_random_uuid()]) AS owners (owner)
"""


@pytest.fixture
def pages() -> Callable[..., int]:
    """Reads two pages of a list; returns the most rows that one run of a statement visited."""

    def read(user: User, path: str, statements: set[str], things: str, **asked: Any) -> int:
        query, more = {"limit": LIMIT, **asked.pop("query", {})}, asked
        seen: list[str] = []
        with rows_read(statements) as visited:
            for _ in range(2):
                reply = user.call("GET", path, query=query, **more)
                assert reply.status == 200, reply
                seen += [str(each) for each in reply.data[things]]
                query["cursor"] = reply.data["next_cursor"]
        assert len(set(seen)) == len(seen) == 2 * LIMIT
        assert visited.keys() == statements
        return max(visited.values())

    return read


@pytest.mark.parametrize("headers", [{}, ANONYMOUS])
def test_feed_reads_its_page_only(
    user: User, query: Query, pages: Callable[..., int], headers: dict[str, str]
) -> None:
    query("video", POSTS, owner=str(uuid.uuid4()), many=MANY)
    query("video", LIKED, reader=user.id)
    query("video", "ANALYZE feed_posts, likes")

    assert pages(user, FEED, {"list_public"}, "posts", headers=headers) <= 3 * LIMIT


@pytest.mark.parametrize("reader", ["owner", "another", "nobody"])
def test_owners_feed_reads_its_page_only(
    make_user: Callable[[], User], query: Query, pages: Callable[..., int], reader: str
) -> None:
    owner, another = make_user(), make_user()
    query("video", POSTS, owner=owner.id, many=MANY)
    query("video", LIKED, reader=owner.id if reader == "owner" else another.id)
    query("video", "ANALYZE feed_posts, likes")

    asker = owner if reader == "owner" else another
    headers = ANONYMOUS if reader == "nobody" else {}
    statements = {"list_of_owner"}
    visited = pages(asker, OF_OWNER, statements, "posts", headers=headers, owner_id=owner.id)
    assert visited <= 3 * LIMIT


@pytest.mark.parametrize("headers", [{}, ANONYMOUS])
def test_comments_read_their_page_only(
    user: User,
    query: Query,
    pages: Callable[..., int],
    post_of: Callable[[str], str],
    headers: dict[str, str],
) -> None:
    """With the first three replies to each; and all replies to one."""
    post = post_of(user.id)
    query("video", COMMENTED, post=post, many=MANY)
    query("video", LIKED_BY_MANY, post=post, many=MANY)
    query("video", "ANALYZE comments, likes")

    said = {"headers": headers, "post_id": post}
    listed = pages(user, COMMENTS, {"list", "first_replies"}, "comments", **said)
    assert listed <= 3 * LIMIT + 3 * LIMIT
    (found,) = query("video", "SELECT md5('comment 3')::uuid::text AS parent")
    asked = {"parent_id": found["parent"]}
    assert pages(user, COMMENTS, {"list"}, "comments", query=asked, **said) <= 3 * LIMIT


def test_likes_read_their_page_only(
    user: User, query: Query, pages: Callable[..., int], post_of: Callable[[str], str]
) -> None:
    post = post_of(user.id)
    query("video", LIKED_BY_MANY, post=post, many=MANY)
    query("video", "ANALYZE likes")

    assert pages(user, LIKES, {"list"}, "likes", post_id=post) <= 2 * LIMIT


@pytest.mark.parametrize("status", [None, "processed", "uploaded", "expired"])
def test_videos_read_their_page_only(
    user: User, query: Query, pages: Callable[..., int], status: str | None
) -> None:
    """Also those of a status that one video in four hundred has."""
    query("video", UPLOADED, owner=user.id, many=MANY)
    query("video", "ANALYZE videos")

    asked = {"status": status} if status else {}
    assert pages(user, VIDEOS, {"list"}, "videos", query=asked) <= 3 * LIMIT

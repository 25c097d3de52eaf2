"""Measures whether the last replies of a long thread cost more than the first."""

from __future__ import annotations

from chalicelib.appevents.video.list_comments import COMMENTS
from local.appevents.bench.databases import AppTemplate
from local.appevents.bench.feed import cursor_after
from local.appevents.bench.likes import write_posts
from local.appevents.bench.posts import nth_reply, write_many_replies
from local.appevents.bench.user import User
from local.bench.figures import Figures
from local.bench.timing import in_turns, median

PATH, LIMIT = "/api/v1/posts/{post_id}/comments", 20
REPLIES = 100_000
TURNS = 12


def thread(template: AppTemplate) -> Figures:
    """The first 20 replies of a comment, in turns with the last 20 (p50)."""
    with template.copy() as databases:
        user = User(databases.environment)
        (post,) = write_posts(databases, 1)
        parent = write_many_replies(databases, post, REPLIES)
        asked = {"limit": LIMIT, "parent_id": parent}
        before = nth_reply(databases, parent, REPLIES - LIMIT)
        below = {**asked, "cursor": cursor_after(COMMENTS, before, post, parent)}
        first = user.prepared("GET", PATH, query=asked, post_id=post)
        last = user.prepared("GET", PATH, query=below, post_id=post)
        if f"Reply {REPLIES}" not in last():
            raise RuntimeError("the last page has not the last reply")
        first_ms, last_ms = map(median, in_turns(TURNS, first, last))
    return {
        "thread_first_ms": first_ms,
        "thread_last_ms": last_ms,
        "thread_depth": last_ms / first_ms,
    }

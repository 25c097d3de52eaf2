"""GET /api/v1/posts/{post_id}/comments: what users say of a post."""

from typing import Any

from chalicelib.appevents.video.blueprint import posts
from chalicelib.appevents.video.comments import first_replies
from chalicelib.appevents.video.comments import list_comments as read
from chalicelib.appevents.video.feed_access import seen_post
from chalicelib.appevents.video.models import CommentList, CommentPage, PostPath
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.database import Row
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("video")
COMMENTS = by_time("comments", "comment_id")


@posts.route("/api/v1/posts/{post_id}/comments", methods=["GET"])
@endpoint(CommentPage, gives=CommentList, path=PostPath, access=Access.OPTIONAL, looks_up=True)
def list_comments(call: Call[CommentPage]) -> Answer:
    """The comments on a post, oldest first, each with its first three replies.

    With `parent_id`, all replies to that comment, page by page.
    """
    post, asked = seen_post(parts().feed_keys(), call, str(call.path.post_id)), call.body
    parent_id = str(asked.parent_id) if asked.parent_id else None
    of = post["post_id"], parent_id or ""
    viewer = call.caller.owner_id or None
    wanted: dict[str, Any] = {
        **COMMENTS.after(asked.cursor, *of),
        "limit": asked.limit,
        "post_id": post["post_id"],
        "parent_id": parent_id,
    }
    rows, cursor = COMMENTS.page(read(call.db, viewer, wanted), asked.limit, *of)
    replies = first_replies(call.db, viewer, rows)
    comments = [
        {**_shown(row), "replies": [_shown(each) for each in replies.get(row["comment_id"], [])]}
        for row in rows
    ]
    return Answer({"comments": comments, "next_cursor": cursor})


def _shown(row: Row) -> Row:
    """A deleted comment has neither text nor author."""
    deleted = row["deleted_at"] is not None
    gone: Row = {"user_id": None, "body": None} if deleted else {}
    return {**{k: v for k, v in row.items() if k != "deleted_at"}, **gone, "deleted": deleted}

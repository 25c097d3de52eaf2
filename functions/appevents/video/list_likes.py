"""GET /api/v1/posts/{post_id}/likes: who likes a post."""

from chalicelib.appevents.paging import Page
from chalicelib.appevents.video.blueprint import posts
from chalicelib.appevents.video.feed_access import keys_of, seen_post
from chalicelib.appevents.video.likes import list_likes as read
from chalicelib.appevents.video.models import LikeList, PostPath
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Access, Answer, Call

endpoint = endpoint_of("video")


@posts.route("/api/v1/posts/{post_id}/likes", methods=["GET"])
@endpoint(Page, gives=LikeList, path=PostPath, access=Access.OPTIONAL, looks_up=True)
def list_likes(call: Call[Page]) -> Answer:
    """Who likes a post that the caller may see, first to last."""
    post = seen_post(keys_of(parts().settings), call, str(call.path.post_id))
    wanted = page_parameters(call.body.cursor, call.body.limit)
    rows = read(call.db, {"post_id": post["post_id"], **wanted})
    likes, cursor = page(rows, call.body.limit, "created_at", "user_id")
    return Answer({"likes": likes, "next_cursor": cursor})

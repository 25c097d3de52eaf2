"""GET /api/v1/posts/{post_id}/likes: who likes a post."""

from chalicelib.appevents.paging import Page
from chalicelib.appevents.video.blueprint import posts
from chalicelib.appevents.video.feed_access import seen_post
from chalicelib.appevents.video.likes import list_likes as read
from chalicelib.appevents.video.models import LikeList, PostPath
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("video")
LIKES = by_time("likes", "user_id")


@posts.route("/api/v1/posts/{post_id}/likes", methods=["GET"])
@endpoint(Page, gives=LikeList, path=PostPath, looks_up=True)
def list_likes(call: Call[Page]) -> Answer:
    """Who likes a post that the caller may see, first to last."""
    post = seen_post(parts().feed_keys(), call, str(call.path.post_id))
    wanted = {**LIKES.after(call.body.cursor, post["post_id"]), "limit": call.body.limit}
    rows = read(call.db, {"post_id": post["post_id"], **wanted})
    likes, cursor = LIKES.page(rows, call.body.limit, post["post_id"])
    return Answer({"likes": likes, "next_cursor": cursor})

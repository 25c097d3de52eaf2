"""GET /api/v1/feed: what everybody may see."""

from chalicelib.appevents.paging import Page
from chalicelib.appevents.video.blueprint import feed
from chalicelib.appevents.video.models import PostList
from chalicelib.appevents.video.object_store import urls_of
from chalicelib.appevents.video.posts import list_public, shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("video")
POSTS = by_time("feed", "post_id")


@feed.route("/api/v1/feed", methods=["GET"])
@endpoint(Page, gives=PostList, access=Access.OPTIONAL)
def list_feed(call: Call[Page]) -> Answer:
    """Posts of public feeds, newest first."""
    wanted = {**POSTS.after(call.body.cursor), "limit": call.body.limit}
    rows = list_public(call.db, call.caller.owner_id or None, wanted)
    posts, cursor = POSTS.page(rows, call.body.limit)
    url_of = urls_of(parts().settings)
    return Answer({"posts": [shown(url_of, row) for row in posts], "next_cursor": cursor})

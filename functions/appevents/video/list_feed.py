"""GET /api/v1/feed: what everybody may see."""

from chalicelib.appevents.paging import Page
from chalicelib.appevents.video.blueprint import feed
from chalicelib.appevents.video.models import PostList
from chalicelib.appevents.video.object_store import signer_of
from chalicelib.appevents.video.posts import list_public, shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Access, Answer, Call

endpoint = endpoint_of("video")


@feed.route("/api/v1/feed", methods=["GET"])
@endpoint(Page, gives=PostList, access=Access.OPTIONAL)
def list_feed(call: Call[Page]) -> Answer:
    """Posts of public feeds, newest first."""
    wanted = page_parameters(call.body.cursor, call.body.limit)
    rows = list_public(call.db, call.caller.owner_id or None, wanted)
    posts, cursor = page(rows, call.body.limit, "created_at", "post_id")
    signer = signer_of(parts().settings)
    return Answer({"posts": [shown(signer, row) for row in posts], "next_cursor": cursor})

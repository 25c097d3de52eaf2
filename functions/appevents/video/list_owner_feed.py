"""GET /api/v1/feed/{owner_id}: the feed of one owner."""

from chalicelib.appevents.paging import Page
from chalicelib.appevents.video.blueprint import feed
from chalicelib.appevents.video.feed_access import check_feed
from chalicelib.appevents.video.models import OwnerPath, PostList
from chalicelib.appevents.video.object_store import urls_of
from chalicelib.appevents.video.posts import list_of_owner, shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("video")
POSTS = by_time("owner feed", "post_id")


@feed.route("/api/v1/feed/{owner_id}", methods=["GET"])
@endpoint(Page, gives=PostList, path=OwnerPath, access=Access.OPTIONAL)
def list_owner_feed(call: Call[Page]) -> Answer:
    """An owner's posts, newest first.

    A feed behind a passcode needs the header `X-Feed-Access`, unless it is the caller's own. Without it
    the answer is 403 with the reason `feed_access_required`. An unknown owner has an empty feed.
    """
    owner_id = str(call.path.owner_id)
    check_feed(parts().feed_keys(), call, owner_id)
    wanted = {**POSTS.after(call.body.cursor, owner_id), "limit": call.body.limit}
    rows = list_of_owner(call.db, call.caller.owner_id or None, owner_id, wanted)
    posts, cursor = POSTS.page(rows, call.body.limit, owner_id)
    url_of = urls_of(parts().settings)
    return Answer({"posts": [shown(url_of, row) for row in posts], "next_cursor": cursor})

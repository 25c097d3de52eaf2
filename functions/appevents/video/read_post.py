"""GET /api/v1/posts/{post_id}: one post."""

from chalicelib.appevents.video.blueprint import posts
from chalicelib.appevents.video.feed_access import seen_post
from chalicelib.appevents.video.models import Post, PostPath
from chalicelib.appevents.video.object_store import urls_of
from chalicelib.appevents.video.posts import shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Access, Answer, Call, Nothing

endpoint = endpoint_of("video")


@posts.route("/api/v1/posts/{post_id}", methods=["GET"])
@endpoint(Nothing, gives=Post, path=PostPath, access=Access.OPTIONAL, looks_up=True)
def read_post(call: Call[Nothing]) -> Answer:
    """A post of a feed that the caller may see, as `GET /api/v1/feed/{owner_id}` decides it."""
    own = parts()
    post = seen_post(own.feed_keys(), call, str(call.path.post_id))
    return Answer(shown(urls_of(own.settings), post))

"""The queue of the service for videos: which handler acts on which event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.queues import queues
from chalicelib.appevents.video.access import change_visibility, grant
from chalicelib.appevents.video.comments import create_comment, delete_comment
from chalicelib.appevents.video.erasing import erase_user
from chalicelib.appevents.video.likes import like, unlike
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.video.posts import delete_post
from chalicelib.appevents.video.publishing import fail, publish
from chalicelib.appevents.video.uploads import upload_requested
from chalicelib.appevents.wiring import consumes, inbox, parts
from fintegrate.messaging.queue_function import QueueMessage

HANDLERS: Mapping[str, Handler] = {
    "comment.created": create_comment,
    "comment.deleted": delete_comment,
    "interaction.liked": like,
    "interaction.unliked": unlike,
    "feed.post.delete_requested": delete_post,
    "media.processed": publish,
    "media.failed": fail,
    "feed.visibility.changed": change_visibility,
    "feed.access.granted": grant,
}


@queues.lambda_function(name="app_video")
@consumes("app.video")
def app_video(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Act on each event once."""
    own = parts()
    requested = partial(upload_requested, bucket_of(own.settings), own.sealed)
    handlers: dict[str, Handler] = {
        **HANDLERS,
        "media.upload_requested": requested,
        "video.user.erase_requested": partial(erase_user, own.settings),
    }
    return inbox("video", handlers).settle(messages, seconds_left)

"""GET /api/v1/videos: the caller's videos."""

from chalicelib.appevents.video.blueprint import videos
from chalicelib.appevents.video.models import VideoList, VideoPage
from chalicelib.appevents.video.object_store import urls_of
from chalicelib.appevents.video.videos import list_videos as read
from chalicelib.appevents.video.videos import shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("video")
VIDEOS = by_time("videos", "video_id")


@videos.route("/api/v1/videos", methods=["GET"])
@endpoint(VideoPage, gives=VideoList)
def list_videos(call: Call[VideoPage]) -> Answer:
    """The caller's videos, newest first."""
    wanted = {
        **VIDEOS.after(call.body.cursor),
        "limit": call.body.limit,
        "status": call.body.status,
    }
    rows = read(call.db, call.caller.owner_id, wanted)
    found, cursor = VIDEOS.page(rows, call.body.limit)
    url_of = urls_of(parts().settings)
    return Answer({"videos": [shown(url_of, row) for row in found], "next_cursor": cursor})

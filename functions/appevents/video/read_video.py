"""GET /api/v1/videos/{video_id}: a video of the caller's own."""

from chalicelib.appevents.video.blueprint import videos
from chalicelib.appevents.video.models import Video, VideoPath
from chalicelib.appevents.video.object_store import urls_of
from chalicelib.appevents.video.videos import find_video, shown
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("video")


@videos.route("/api/v1/videos/{video_id}", methods=["GET"])
@endpoint(Nothing, gives=Video, path=VideoPath, looks_up=True)
def read_video(call: Call[Nothing]) -> Answer:
    """What became of a video of the caller's."""
    url_of = urls_of(parts().settings)
    return Answer(shown(url_of, find_video(call.db, call.caller.owner_id, str(call.path.video_id))))

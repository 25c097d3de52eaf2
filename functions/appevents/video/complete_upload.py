"""POST /api/v1/videos/{video_id}/complete: completes an upload, once the file is in the object store."""

import time
from functools import partial

from chalicelib.appevents.video.blueprint import videos
from chalicelib.appevents.video.completion import complete
from chalicelib.appevents.video.models import Completed, UploadedParts, VideoPath
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.video.uploads import own_video
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("video")


@videos.route("/api/v1/videos/{video_id}/complete", methods=["POST"])
@endpoint(
    UploadedParts,
    gives=Completed,
    status=202,
    path=VideoPath,
    looks_up=True,
    conflict="The file in the object store is not as declared",
)
def complete_upload(call: Call[UploadedParts]) -> Answer:
    """Complete an upload, and have the video processed.

    Again, or twice at once, it gives the same answer; 410 when its time is over.
    """
    row = own_video(call.db, call.caller.owner_id, str(call.path.video_id))
    began = time.monotonic()
    written = complete(bucket_of(parts().settings), call.db, row, call.body.parts)
    outbox = parts().service("video").outbox
    publish = partial(outbox.publish_together, [written], began) if written else None
    return Answer({"video_id": row["video_id"], "status": "uploaded"}, after_commit=publish)

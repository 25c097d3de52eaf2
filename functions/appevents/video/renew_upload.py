"""POST /api/v1/videos/{video_id}/upload-url: fresh URLs for an upload."""

from chalicelib.appevents.video.blueprint import videos
from chalicelib.appevents.video.models import UploadOffer, VideoPath, WantedParts
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.video.uploads import AWAITING, offer, own_video
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.errors import Conflict
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("video")


@videos.route("/api/v1/videos/{video_id}/upload-url", methods=["POST"])
@endpoint(
    WantedParts,
    gives=UploadOffer,
    path=VideoPath,
    looks_up=True,
    conflict="The upload is complete already",
)
def renew_upload(call: Call[WantedParts]) -> Answer:
    """Fresh URLs while the upload is awaited; 410 when its time is over."""
    row = own_video(call.db, call.caller.owner_id, str(call.path.video_id))
    if row["status"] not in {AWAITING, "expired"}:
        raise Conflict("This video is uploaded already")
    return Answer(offer(bucket_of(parts().settings), call.db, row, call.body.part_numbers))

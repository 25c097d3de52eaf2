"""POST /api/v1/videos: asks for an upload, and gets the URL at once."""

from chalicelib.appevents.video.blueprint import videos
from chalicelib.appevents.video.models import NewVideo, UploadOffer
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.video.uploads import (
    AWAITING,
    IdTaken,
    TooLarge,
    offer,
    request_upload,
    too_large_text,
)
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.errors import Conflict, Invalid
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("video")


@videos.route("/api/v1/videos", methods=["POST"])
@endpoint(
    NewVideo,
    gives=UploadOffer,
    status=201,
    conflict="Another video has this id, or this one has been uploaded already",
)
def create_video(call: Call[NewVideo]) -> Answer:
    """Make a video and offer its upload, as the event `media.upload_requested` does.

    The same request again, or the event with the same id, finds the same video.
    """
    bucket = bucket_of(parts().settings)
    try:
        row = request_upload(
            bucket, call.db, call.caller.owner_id, str(call.body.client_generated_id), call.body
        )
    except IdTaken:
        raise Conflict("Another video has this client_generated_id; make a new one") from None
    except TooLarge:
        raise Invalid(too_large_text(bucket.settings)) from None
    if row["status"] not in {AWAITING, "expired"}:
        raise Conflict("This video has been uploaded already")
    return Answer(offer(bucket, call.db, row))

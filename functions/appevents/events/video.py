"""The events of videos, posts, comments and likes: what clients send, and what the service publishes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from chalicelib.appevents.events.fields import Sealable, Text
from fintegrate.http.validation import Described, Instant, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_WHEN = "2026-11-26T10:00:00.000000Z"
MAX_UPLOAD_BYTES = 524_288_000
VideoId = Annotated[UUID, Described("The id of the event that asked for the upload", _ID)]
PostId = Annotated[UUID, Described("The post", _ID)]
CommentId = Annotated[UUID, Described("The id of the event that wrote the comment", _ID)]
OwnerId = Annotated[UUID, Described("The owner of the feed", _ID)]
Visibility = Annotated[
    Literal["public", "passcode"], Described("Who may see the owner's feed", "public")
]
Count = Annotated[int, Field(ge=0), Described("How many", 12)]
Key = Annotated[str, Text(1, 1024), Described("The object's name in the bucket", "media/a/b.mp4")]
Etag = Annotated[
    str, Text(1, 200), Described("The ETag of the content in the object store", "9b2cf5…")
]
Size = Annotated[int, Field(gt=0), Described("Bytes", 1_048_576)]
MediaType = Literal["video/mp4", "video/quicktime", "video/webm"]
ContentType = Annotated[MediaType, Described("The type of the file", "video/mp4")]


class UploadRequested(RequestModel):
    """`media.upload_requested`: a video that is to be uploaded."""

    filename: Annotated[str, Text(1, 255), Described("The name of the file", "squat.mp4")]
    content_type: ContentType
    size_bytes: Annotated[
        int, Field(ge=1, le=MAX_UPLOAD_BYTES), Described("The exact size of the file", 1_048_576)
    ]
    title: Annotated[
        Annotated[str, Text(0, 200)] | None, Described("The title of the post", "100 kg!")
    ] = None


class UploadReady(RequestModel):
    """`media.upload_ready`: where to send the file."""

    video_id: VideoId
    expires_at: Annotated[Instant, Described("When the upload must be complete", _WHEN)]
    upload: Annotated[
        dict[str, Any],
        Sealable(),
        Field(repr=False),
        Described(
            "`method`, `url`, `headers`, `expires_at`; of a large file `parts` of these",
            {"method": "PUT", "url": "https://…", "headers": {}, "expires_at": _WHEN},
        ),
    ]


class CommentCreated(RequestModel):
    """`comment.created`: a comment on a post, or a reply to a comment."""

    post_id: PostId
    parent_id: Annotated[UUID | None, Described("The comment that it replies to", None)] = None
    body: Annotated[str, Text(1, 2000), Described("The comment", "Nice!")]


class CommentDeleted(RequestModel):
    """`comment.deleted`: sent by the comment's author or the post's owner."""

    comment_id: CommentId


class CommentPersisted(RequestModel):
    """`comment.persisted`: a comment was written or deleted."""

    comment_id: CommentId
    post_id: PostId
    parent_id: Annotated[UUID | None, Described("The comment that it replies to", None)]
    depth: Annotated[int, Described("1 for a comment on the post itself", 1)]
    created_at: Annotated[datetime, Described("When it was stored", _WHEN)]
    deleted: Annotated[bool, Described("Whether its text is gone", False)]


class Liked(RequestModel):
    """`interaction.liked` and `interaction.unliked`: the later one of a user counts."""

    target_type: Annotated[Literal["post", "comment"], Described("What is liked", "post")]
    target_id: Annotated[UUID, Described("The id of the post or comment", _ID)]


class LikePersisted(RequestModel):
    """`interaction.persisted`: whether the user likes it now, and how many do."""

    target_id: Annotated[UUID, Described("The id of the post or comment", _ID)]
    liked: Annotated[bool, Described("Whether the user likes it now", True)]
    like_count: Count


class DeleteRequested(RequestModel):
    """`feed.post.delete_requested`: sent by the post's owner."""

    post_id: PostId


class PostDeleted(RequestModel):
    """`feed.post.deleted`: a post is in no feed any more."""

    post_id: PostId


class Uploaded(RequestModel):
    """`media.uploaded`: an upload is complete; `etag` says which content was looked at."""

    video_id: VideoId
    bucket: Annotated[str, Text(1, 255), Described("The bucket", "media")]
    key: Key
    etag: Etag
    size_bytes: Size
    content_type: ContentType


class Metadata(RequestModel):
    """What a processed video is."""

    duration_ms: Annotated[int, Field(ge=0), Described("Milliseconds", 10_000)]
    width: Annotated[int, Field(gt=0), Described("Pixels", 1280)]
    height: Annotated[int, Field(gt=0), Described("Pixels", 720)]
    fps: Annotated[float, Field(ge=0), Described("Frames a second", 30.0)]
    video_codec: Annotated[str, Text(1, 50), Described("The codec of the picture", "h264")]
    audio_codec: Annotated[
        Annotated[str, Text(1, 50)] | None,
        Described("The codec of the sound; null without sound", "aac"),
    ]
    size_bytes: Size


class Processed(RequestModel):
    """`media.processed`: a video can be shown."""

    video_id: VideoId
    video_key: Key
    thumbnail_key: Key
    metadata: Metadata


class Failed(RequestModel):
    """`media.failed`: a video cannot be shown."""

    video_id: VideoId
    reason_code: Annotated[
        str, Described("A stable code that a program can act on", "unsupported_format")
    ]
    reason: Annotated[
        str, Text(0, 500), Described("The reason in words", "The file is not a video")
    ]


class PostCreated(RequestModel):
    """`feed.post.created`: a video appeared in its owner's feed."""

    post_id: PostId
    owner_id: OwnerId
    video_id: VideoId
    visibility: Visibility
    created_at: Annotated[Instant, Described("When it was created", _WHEN)]

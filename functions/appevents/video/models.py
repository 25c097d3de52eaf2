"""The models of the requests about videos, posts and comments, and of their answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.appevents.events.video import OwnerId, PostId, UploadRequested, VideoId
from chalicelib.appevents.paging import Page
from fintegrate.http.cursors import NextCursor
from fintegrate.http.from_clients import FromClients
from fintegrate.http.validation import Described, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_WHEN = "2026-11-26T10:00:00.000000Z"
_URL = "https://store.example/media/…"
PARTS_AT_ONCE = 20
MOST_PARTS = 10_000
Status = Literal["awaiting_upload", "uploaded", "processing", "processed", "failed", "expired"]
PartNumber = Annotated[int, Field(ge=1, le=MOST_PARTS), Described("From 1", 1)]
Owner = Annotated[str, Described("The owner of the feed", _ID)]
Created = Annotated[datetime, Described("When it was stored", _WHEN)]
Title = Annotated[str | None, Described("The title", "100 kg!")]


class NewVideo(FromClients, UploadRequested):
    """A video that is to be uploaded; the same as the event `media.upload_requested`."""

    client_generated_id: Annotated[UUID, Described("Becomes the id of the video", _ID)]


class VideoPath(RequestModel):
    """A video's id in the path."""

    video_id: VideoId


class OwnerPath(RequestModel):
    """The owner of a feed in the path."""

    owner_id: OwnerId


class PostPath(RequestModel):
    """A post's id in the path."""

    post_id: PostId


class WantedParts(RequestModel):
    """Which parts of a large file need a URL."""

    part_numbers: Annotated[
        list[PartNumber] | None,
        Field(min_length=1, max_length=PARTS_AT_ONCE),
        Described("Their numbers; the first 20 if left out", [1, 2]),
    ] = None


class UploadedPart(RequestModel):
    """A part of a large file, as the object store confirmed it."""

    part_number: PartNumber
    etag: Annotated[
        str,
        Field(min_length=1, max_length=200),
        Described("The ETag header of the object store's answer", "9b2c"),
    ]


class UploadedParts(RequestModel):
    """The parts of a large file; of a small one none."""

    parts: Annotated[
        list[UploadedPart] | None,
        Field(min_length=1, max_length=MOST_PARTS),
        Described("All parts", [{"part_number": 1, "etag": "9b2c"}]),
    ] = None


class VideoPage(Page):
    """Which videos to list."""

    status: Annotated[Status | None, Described("Only videos of this status", "processed")] = None


class CommentPage(Page):
    """Which comments to list."""

    parent_id: Annotated[UUID | None, Described("Replies to this comment", _ID)] = None


class UploadOffer(TypedDict):
    """Where to send a file."""

    video_id: Annotated[str, Described("The video", _ID)]
    expires_at: Annotated[datetime, Described("When the upload must be complete", _WHEN)]
    upload: Annotated[
        dict[str, Any],
        Described(
            "`method`, `url`, `headers`, `expires_at`; of a large file `parts` of these",
            {"method": "PUT", "url": _URL, "headers": {}, "expires_at": _WHEN},
        ),
    ]


class Completed(TypedDict):
    """An upload that is complete."""

    video_id: Annotated[str, Described("The video", _ID)]
    status: Annotated[str, Described("Always uploaded; a repeat gets the same answer", "uploaded")]


class Video(TypedDict):
    """A video of the caller's own."""

    video_id: Annotated[str, Described("Its id", _ID)]
    title: Title
    filename: Annotated[str, Described("The name of the file", "squat.mp4")]
    content_type: Annotated[str, Described("The type of the file", "video/mp4")]
    size_bytes: Annotated[int, Described("The size of the file", 1_048_576)]
    status: Annotated[Status, Described("How far it is", "processed")]
    created_at: Created
    expires_at: Annotated[datetime, Described("When the upload must be complete", _WHEN)]
    failure: Annotated[
        dict[str, str] | None, Described("`reason_code` and `reason` of a failed video", None)
    ]
    metadata: Annotated[
        dict[str, Any] | None, Described("Of a processed video", {"duration_ms": 10_000})
    ]
    post_id: Annotated[str | None, Described("Its post, unless it is deleted", _ID)]
    urls: Annotated[
        dict[str, str] | None,
        Described("`video_url` and `thumbnail_url` while it has a post", {"video_url": _URL}),
    ]


class VideoList(TypedDict):
    """Videos, newest first."""

    videos: list[Video]
    next_cursor: NextCursor


class Post(TypedDict):
    """A processed video in its owner's feed."""

    post_id: Annotated[str, Described("Its id", _ID)]
    owner_id: Owner
    title: Title
    created_at: Created
    like_count: Annotated[int, Described("How many users like it", 12)]
    comment_count: Annotated[int, Described("Its comments, without deleted ones", 3)]
    liked: Annotated[bool, Described("Whether the caller likes it", False)]
    duration_ms: Annotated[int, Described("Milliseconds", 10_000)]
    width: Annotated[int, Described("Pixels", 1280)]
    height: Annotated[int, Described("Pixels", 720)]
    video_url: Annotated[str, Described("Good for 15 minutes", _URL)]
    thumbnail_url: Annotated[str, Described("Good for 15 minutes", _URL)]


class PostList(TypedDict):
    """Posts, newest first."""

    posts: list[Post]
    next_cursor: NextCursor


class Comment(TypedDict):
    """A comment. A deleted one that has replies stays, without its text and author."""

    comment_id: Annotated[str, Described("Its id", _ID)]
    parent_id: Annotated[str | None, Described("The comment that it replies to", None)]
    user_id: Annotated[str | None, Described("Its author", _ID)]
    body: Annotated[str | None, Described("Its text", "Nice!")]
    depth: Annotated[int, Described("1 for a comment on the post itself", 1)]
    reply_count: Annotated[int, Described("Direct replies", 1)]
    like_count: Annotated[int, Described("How many users like it", 0)]
    liked: Annotated[bool, Described("Whether the caller likes it", False)]
    created_at: Created
    deleted: Annotated[bool, Described("Whether its text is gone", False)]
    replies: Annotated[
        list[dict[str, Any]], Described("The first three replies, without their own replies", [])
    ]


class CommentList(TypedDict):
    """Comments, oldest first."""

    comments: list[Comment]
    next_cursor: NextCursor


class Like(TypedDict):
    """A like."""

    user_id: Annotated[str, Described("Who likes it", _ID)]
    created_at: Created


class LikeList(TypedDict):
    """Likes, oldest first."""

    likes: list[Like]
    next_cursor: NextCursor

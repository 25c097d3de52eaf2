"""Examples of uploads, posts, comments and likes."""

from __future__ import annotations

from typing import Any

VIDEO = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
POST = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
COMMENT = "6ecd8c99-4036-403d-bf84-cf8400f67836"
AT = "2026-11-26T18:00:00.000000Z"
LIKE = {"target_type": "post", "target_id": POST}
METADATA: dict[str, Any] = {
    "duration_ms": 10_000,
    "width": 1280,
    "height": 720,
    "fps": 29.97,
    "video_codec": "h264",
    "audio_codec": None,
    "size_bytes": 1_048_576,
}
EXAMPLES: dict[str, Any] = {
    "media.upload_requested": {
        "filename": "squat.mp4",
        "content_type": "video/mp4",
        "size_bytes": 524_288_000,
        "title": "100 kg!",
    },
    "media.upload_ready": {
        "video_id": VIDEO,
        "expires_at": AT,
        "upload": {"method": "PUT", "url": "https://store.example/a", "headers": {}},
    },
    "media.uploaded": {
        "video_id": VIDEO,
        "bucket": "media",
        "key": "uploads/a/b",
        "etag": "9b2cf5",
        "size_bytes": 1,
        "content_type": "video/webm",
    },
    "media.processed": {
        "video_id": VIDEO,
        "video_key": "media/a/b.mp4",
        "thumbnail_key": "media/a/b.jpg",
        "metadata": METADATA,
    },
    "media.failed": {
        "video_id": VIDEO,
        "reason_code": "unsupported_format",
        "reason": "The file is not a video",
    },
    "comment.created": {"post_id": POST, "parent_id": None, "body": "Nice!\nReally"},
    "comment.deleted": {"comment_id": COMMENT},
    "comment.persisted": {
        "comment_id": COMMENT,
        "post_id": POST,
        "parent_id": None,
        "depth": 1,
        "created_at": AT,
        "deleted": False,
    },
    "interaction.liked": LIKE,
    "interaction.unliked": {**LIKE, "target_type": "comment"},
    "interaction.persisted": {"target_id": POST, "liked": True, "like_count": 0},
    "feed.post.delete_requested": {"post_id": POST},
    "feed.post.deleted": {"post_id": POST},
    "feed.post.created": {
        "post_id": POST,
        "owner_id": VIDEO,
        "video_id": VIDEO,
        "visibility": "public",
        "created_at": AT,
    },
}
_LIKE: dict[str, Any] = {"target_type": "video", "target_id": "x"}
WRONG: dict[str, dict[str, Any]] = {
    "media.upload_requested": {
        "filename": "x" * 256,
        "content_type": "video/x-msvideo",
        "size_bytes": 524_288_001,
        "title": "x" * 201,
    },
    "media.upload_ready": {"video_id": None, "expires_at": 1_764_180_000, "upload": []},
    "media.uploaded": {
        "video_id": 1,
        "bucket": "",
        "key": "x" * 1025,
        "etag": " ",
        "size_bytes": 0,
        "content_type": "video/MP4",
    },
    "media.processed": {
        "video_id": "x",
        "video_key": "",
        "thumbnail_key": None,
        "metadata": None,
        "metadata.duration_ms": -1,
        "metadata.width": 0,
        "metadata.height": 7.5,
        "metadata.fps": "30",
        "metadata.video_codec": None,
        "metadata.audio_codec": "",
        "metadata.size_bytes": 0,
    },
    "media.failed": {"video_id": None, "reason_code": 1, "reason": "x" * 501},
    "comment.created": {"post_id": "x", "parent_id": 1, "body": " \n "},
    "comment.deleted": {"comment_id": "x"},
    "comment.persisted": {
        "comment_id": "x",
        "post_id": None,
        "parent_id": "x",
        "depth": "1",
        "created_at": None,
        "deleted": 0,
    },
    "interaction.liked": _LIKE,
    "interaction.unliked": _LIKE,
    "interaction.persisted": {"target_id": 1, "liked": "yes", "like_count": -1},
    "feed.post.delete_requested": {"post_id": None},
    "feed.post.deleted": {"post_id": ""},
    "feed.post.created": {
        "post_id": "x",
        "owner_id": None,
        "video_id": 1,
        "visibility": "friends",
        "created_at": "2026-11-26T18:00:00",
    },
}

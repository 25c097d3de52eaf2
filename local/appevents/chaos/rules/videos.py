"""Videos: what was uploaded is shown or says why not, and files are there as long as they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from local.appevents.chaos.evidence import Evidence
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding

FILES = 2
"""That a post shows: the video and its thumbnail."""


def uploads_end(evidence: Evidence) -> Iterator[Finding]:
    """What was answered as complete is processed or failed with a reason; the rest expires."""
    videos = {video.id: video for video in evidence.videos}
    for video_id in evidence.answered_videos:
        video = videos.get(video_id)
        if video is None or video.status not in {"processed", "failed"}:
            words = f"video {video_id} was complete, and is {video and video.status}"
            yield Finding(Kind.LOST, video.user if video else "videos", words)
    for video in evidence.videos:
        if video.status not in {"processed", "failed", "expired"}:
            words = f"video {video.id} is {video.status}"
            yield Finding(Kind.UNSETTLED, video.user, words)
        if video.status == "failed":
            words = f"video {video.id}, which is a good one, failed: {video.failure}"
            yield Finding(Kind.LOST, video.user, words)


def shown_files_are_there(evidence: Evidence) -> Iterator[Finding]:
    """A processed video has one post and both files; another one has none."""
    for video in evidence.videos:
        posts, files = (1, FILES) if video.status == "processed" else (0, 0)
        if video.posts != posts:
            words = f"video {video.id} is {video.status} and has {video.posts} posts"
            yield Finding(Kind.DOUBLED if video.posts > posts else Kind.LOST, video.user, words)
        if video.status == "processed" and video.shown != files:
            words = f"of the files of video {video.id} {video.shown} are there"
            yield Finding(Kind.LOST, video.user, words)


def originals_are_removed(evidence: Evidence) -> Iterator[Finding]:
    """When their time is over, uploaded files are gone."""
    for video in evidence.videos:
        if video.original:
            words = f"the original of video {video.id} is still there"
            yield Finding(Kind.UNSETTLED, video.user, words)

"""Makes the video and the thumbnail that are shown, from the file that was uploaded."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from chalicelib.appevents.events.video import Uploaded
from chalicelib.appevents.video.processing import ffmpeg
from chalicelib.appevents.video.processing.failing import CannotBeShown
from chalicelib.appevents.video.processing.inspecting import Inspected, inspected
from chalicelib.appevents.video.publishing import media_folder
from fintegrate.storage.signing import Signer
from fintegrate.storage.transfer import Changed, download, upload
from fintegrate.workspace import workspace

log = logging.getLogger(__name__)


def make(signer: Signer, told: Uploaded, deadline: float) -> dict[str, Any]:
    """What `media.processed` says of a video, whose files are in the store then. Twice is the same.

    Raises:
        CannotBeShown: it cannot be processed.
        StoreAway: the store does not answer.
        NoRoom: the disk has not enough room for it.
    """
    folder_key = f"{media_folder(told.video_id)}{told.etag}"
    keys = {"video_key": f"{folder_key}/video.mp4", "thumbnail_key": f"{folder_key}/thumbnail.jpg"}
    with workspace(told.size_bytes) as folder:
        source, made, picture = (folder / name for name in ("source", "made.mp4", "made.jpg"))
        try:
            download(signer, told.key, told.etag, source, told.size_bytes)
        except Changed:
            raise CannotBeShown("changed_after_completion") from None
        _progress(told, "downloaded", told.size_bytes)
        shown = _made(source, made, picture, deadline)
        _progress(told, "made", made.stat().st_size)
        upload(signer, made, keys["video_key"], "video/mp4")
        upload(signer, picture, keys["thumbnail_key"], "image/jpeg")
        return {"video_id": told.video_id, **keys, "metadata": _metadata(shown, made)}


def _made(source: Path, made: Path, picture: Path, deadline: float) -> Inspected:
    folder = source.parent
    found = inspected(source, folder, deadline)
    done = ffmpeg.run(ffmpeg.transcoded(source, found.demuxer, made), folder, deadline)
    if not done.succeeded or not made.exists():
        raise CannotBeShown("damaged")
    shown = inspected(made, folder, deadline)
    at = min(1.0, shown.seconds / 3)
    done = ffmpeg.run(ffmpeg.pictured(made, picture, at), folder, deadline)
    if not done.succeeded or not picture.exists():
        raise CannotBeShown("damaged")
    return shown


def _metadata(shown: Inspected, made: Path) -> dict[str, Any]:
    return {
        "duration_ms": round(shown.seconds * 1000),
        "width": shown.width,
        "height": shown.height,
        "fps": round(shown.fps, 3),
        "video_codec": shown.video_codec,
        "audio_codec": shown.audio_codec,
        "size_bytes": made.stat().st_size,
    }


def _progress(told: Uploaded, step: str, size_bytes: int) -> None:
    log.info("video %s: %s, %d bytes, at %.1f s", told.video_id, step, size_bytes, time.monotonic())

"""Runs ffmpeg on files that nobody trusts: fixed arguments, an empty environment, and a deadline.

No argument comes from the file or its sender. The demuxer is named and no other is allowed. ffmpeg opens
no network and no other file: a playlist, or a reference to another file, leads nowhere.
Source: https://ffmpeg.org/ffmpeg-formats.html (format_whitelist), ffmpeg-protocols.html
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chalicelib.appevents.video.processing.failing import CannotBeShown
from fintegrate.messaging.inbox import NotYet

MOST_PIXELS = 8_294_400
LONGER_SIDE, THUMBNAIL_SIDE = 1280, 640
_MOST_SAID = 4_000
_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-y")
_ONLY_FILES = ("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska")
_WITHOUT_WORDS = (
    *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
    *("-sn", "-dn", "-ignore_unknown"),
)


class Run(NamedTuple):
    """How a run of ffmpeg ended."""

    succeeded: bool
    said: str


def program() -> str:
    """Where ffmpeg is.

    Raises:
        NotYet: nowhere. The video is not to blame.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise NotYet("no_ffmpeg", "ffmpeg is not installed here")
    return found


def run(arguments: Sequence[str], folder: Path, deadline: float, output: Path | None = None) -> Run:
    """Run ffmpeg in a folder until it ends; `output` gets what it prints.

    Raises:
        CannotBeShown: it did not end before the deadline, a time on the monotonic clock.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise CannotBeShown("processing_timeout")
    errors = folder / "errors"
    with errors.open("wb") as said, (output or Path(os.devnull)).open("wb") as printed:
        process = subprocess.Popen(  # noqa: S603  # nothing of it is the file's or its sender's
            [program(), *_QUIET, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=said,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            process.wait(left)
        except subprocess.TimeoutExpired:
            raise CannotBeShown("processing_timeout") from None
        finally:
            _end(process)
    with errors.open("rb") as said:
        return Run(process.returncode == 0, said.read(_MOST_SAID).decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it with everything that it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(path: Path, demuxer: str) -> tuple[str, ...]:
    return (*_ONLY_FILES, "-f", demuxer, "-i", f"file:{path.name}")


def listed(source: Path, demuxer: str) -> tuple[str, ...]:
    """Lists streams and packets without decoding a picture."""
    chosen = ("-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy")
    return (*_read(source, demuxer), *chosen, "-f", "framecrc", "pipe:1")


def transcoded(source: Path, demuxer: str, made: Path) -> tuple[str, ...]:
    """Makes what is shown: upright, never enlarged, with even sides; only picture and sound."""
    return (
        *("-max_pixels", str(MOST_PIXELS), *_read(source, demuxer)),
        *("-map", "0:V:0", "-map", "0:a:0?", *_WITHOUT_WORDS),
        *("-vf", _scaled(LONGER_SIDE), "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-profile:v", "high"),
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{made.name}"),
    )


def pictured(made: Path, picture: Path, seconds: float) -> tuple[str, ...]:
    """Makes the thumbnail, from the video that was made."""
    return (
        *("-ss", f"{seconds:.3f}", *_read(made, "mov")),
        *("-map", "0:V:0", *_WITHOUT_WORDS, "-frames:v", "1", "-vf", _scaled(THUMBNAIL_SIDE)),
        *("-pix_fmt", "yuvj420p", "-q:v", "4", "-f", "image2", "-update", "1"),
        f"file:{picture.name}",
    )


def _scaled(side: int) -> str:
    """Square pixels, the longer side at most this, both sides even."""
    factor = f"min(1,{side}/max(iw*sar,ih))"
    width, height = f"max(2,trunc(iw*sar*{factor}/2)*2)", f"max(2,trunc(ih*{factor}/2)*2)"
    return f"scale=w='{width}':h='{height}',setsar=1"

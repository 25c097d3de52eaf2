"""What a file is, found without decoding it, and without a word of its own metadata.

The first bytes say which demuxer may read it. ffmpeg then lists its packets in a form for machines
(`framecrc`): the header names codecs and dimensions, and times and durations follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.appevents.video.processing import ffmpeg
from chalicelib.appevents.video.processing.failing import CannotBeShown

MOST_SECONDS = 600.0
MOST_FRAMES_A_SECOND = 120.0
_TOLERANCE = 1.02
"""Phones round their frame rates, and the last frame has a length, too."""
_HEAD_BYTES = 16
_CUT_OFF = ("ended prematurely", "partial file", "moov atom not found")


class Inspected(NamedTuple):
    """A file that can be decoded."""

    demuxer: str
    seconds: float
    width: int
    height: int
    fps: float
    video_codec: str
    audio_codec: str | None


def inspected(source: Path, folder: Path, deadline: float) -> Inspected:
    """Look at a file.

    Raises:
        CannotBeShown: it is none that we show.
    """
    demuxer = _demuxer(source)
    listing = folder / "packets"
    done = ffmpeg.run(ffmpeg.listed(source, demuxer), folder, deadline, listing)
    found = _listed(listing)
    if found.video_codec is None:
        raise CannotBeShown("no_picture" if found.audio_codec else "damaged")
    _check_bounds(found)
    if not done.succeeded or any(words in done.said for words in _CUT_OFF) or not found.frames:
        raise CannotBeShown("damaged")
    fps = found.frames / found.picture_seconds if found.picture_seconds else 0.0
    size = (found.width, found.height)
    codecs = (found.video_codec, found.audio_codec)
    return Inspected(demuxer, found.seconds, *size, fps, *codecs)


class _Listed(NamedTuple):
    video_codec: str | None
    audio_codec: str | None
    width: int
    height: int
    frames: int
    picture_seconds: float
    seconds: float
    """Of the longest stream."""


def _check_bounds(found: _Listed) -> None:
    if found.width * found.height > ffmpeg.MOST_PIXELS or found.width < 1 or found.height < 1:
        raise CannotBeShown("too_large_picture")
    if found.seconds > MOST_SECONDS * _TOLERANCE:
        raise CannotBeShown("too_long")
    if found.frames > max(found.picture_seconds, 1.0) * MOST_FRAMES_A_SECOND * _TOLERANCE:
        raise CannotBeShown("too_large_picture")


def _demuxer(source: Path) -> str:
    """By the file's first bytes (ISO/IEC 14496-12, section 4.3; RFC 8794, section 11.2.1)."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    raise CannotBeShown("unsupported_format")


def _listed(listing: Path) -> _Listed:
    """Read what ffmpeg printed: `#name stream: value` lines, then `stream, dts, pts, duration, …`."""
    said: dict[str, dict[str, str]] = {}
    ends: dict[str, list[int]] = {}
    for line in _lines(listing):
        if line.startswith("#"):
            name, _, value = line[1:].partition(": ")
            fact, _, stream = name.partition(" ")
            said.setdefault(stream, {})[fact] = value
            continue
        stream, _, pts, duration, *_ = (part.strip() for part in line.split(","))
        first, last, count = ends.get(stream, [int(pts), int(pts), 0])
        ends[stream] = [min(first, int(pts)), max(last, int(pts) + int(duration)), count + 1]
    video = _of_kind(said, "video")
    width, _, height = video[1].get("dimensions", "0x0").partition("x")
    lengths = {stream: _seconds(said[stream]["tb"], each) for stream, each in ends.items()}
    return _Listed(
        video[1].get("codec_id"),
        _of_kind(said, "audio")[1].get("codec_id"),
        int(width),
        int(height),
        ends.get(video[0], [0, 0, 0])[2],
        lengths.get(video[0], 0.0),
        max(lengths.values(), default=0.0),
    )


def _lines(listing: Path) -> Iterator[str]:
    """A broken run may have left half a line at the end."""
    with listing.open(encoding="ascii", errors="replace") as file:
        for line in file:
            is_whole = line.endswith("\n")
            if is_whole and (line.startswith("#") or line.count(",") >= 4):
                yield line.rstrip("\n")


def _of_kind(said: dict[str, dict[str, str]], kind: str) -> tuple[str, dict[str, str]]:
    none: tuple[str, dict[str, Any]] = ("", {})
    return next((each for each in said.items() if each[1].get("media_type") == kind), none)


def _seconds(time_base: str, ends: list[int]) -> float:
    """From the first packet to the end of the last; what is before zero is not played."""
    numerator, _, denominator = time_base.partition("/")
    return (ends[1] - max(0, ends[0])) * int(numerator) / int(denominator)

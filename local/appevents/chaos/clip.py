"""A video of a test picture, as small as one can be."""

from __future__ import annotations

from functools import cache

from local.appevents.clip import make_clip

SOURCE = "testsrc=size=128x72:rate=10:duration=0.5"


@cache
def clip() -> bytes:
    """The bytes of an MP4."""
    return make_clip("ffmpeg", SOURCE)

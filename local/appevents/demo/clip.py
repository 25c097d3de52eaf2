"""The clip that is uploaded: a moving test picture with a tone, made by ffmpeg."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from local.appevents.clip import make_clip
from local.serving.playing import WrongChoice

CONTENT_TYPE = "video/mp4"


def clip_of(environment: Mapping[str, str], seconds: int) -> bytes:
    """An MP4 of so many seconds, 640 by 360.

    Raises:
        WrongChoice: ffmpeg is not installed
    """
    program = shutil.which(environment.get("FFMPEG") or "ffmpeg")
    if program is None:
        raise WrongChoice(
            "ffmpeg, which makes and transcodes the clip, is missing: run `make setup`"
        )
    picture = f"testsrc=size=640x360:rate=25:duration={seconds}"
    return make_clip(program, picture, f"sine=frequency=440:duration={seconds}")

"""The clip that is uploaded: a moving test picture with a tone, made by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local.serving.playing import WrongChoice

CONTENT_TYPE = "video/mp4"
_MAKING_SECONDS = 120


def make_clip(environment: Mapping[str, str], seconds: int) -> bytes:
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
    tone = f"sine=frequency=440:duration={seconds}"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.mp4"
        inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        subprocess.run(
            [program, "-nostdin", "-loglevel", "error", *inputs, *coded, str(made)],
            check=True,
            timeout=_MAKING_SECONDS,
        )
        return made.read_bytes()

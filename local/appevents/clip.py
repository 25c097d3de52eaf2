"""Test pictures as MP4 files, made by ffmpeg."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

_SECONDS = 120
_CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")


def make_clip(program: str, picture: str, tone: str = "") -> bytes:
    """The bytes of an MP4.

    Args:
        program: ffmpeg's path or name
        picture: a source of ffmpeg's `lavfi`, such as `testsrc=size=640x360:duration=3`
        tone: such a source of sound; without one the clip is silent
    """
    inputs = [
        word for source in (picture, tone) if source for word in ("-f", "lavfi", "-i", source)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        command = [program, "-nostdin", "-loglevel", "error", *inputs, *_CODED, str(path)]
        subprocess.run(command, check=True, timeout=_SECONDS)
        return path.read_bytes()

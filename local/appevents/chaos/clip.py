"""A video of a test picture, as small as one can be."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

SOURCE = "testsrc=size=128x72:rate=10:duration=0.5"
OPTIONS = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@cache
def clip() -> bytes:
    """The bytes of an MP4."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        made = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", SOURCE, *OPTIONS, str(path)]
        subprocess.run(made, check=True, timeout=60)
        return path.read_bytes()

"""Makes the layer with ffmpeg, for the one function that makes videos.

The program comes from PyPI's `imageio-ffmpeg`, which `requirements-ffmpeg.txt` pins with its hashes. The
layer holds the program alone, as `bin/ffmpeg`: Lambda searches `/opt/bin`. A system has the layer if its
template names `FILE` (decision 0046).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zipfile
from pathlib import Path

from local.artifact.package.repack import entry

FILE = "ffmpeg-layer.zip"
REQUIREMENTS = "requirements-ffmpeg.txt"
PROGRAM = "bin/ffmpeg"
_IN_THE_WHEEL = re.compile(r"imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v([\d.]+)")
_MAY_RUN = 0o100755


class NoProgram(LookupError):
    """The wheels have no ffmpeg for Lambda's system."""


def write(wheels: Path, store: Path, archive: Path) -> None:
    """Write the layer. One that was made before is taken from the store, because packing takes seconds.

    Args:
        wheels: the folder with what `REQUIREMENTS` pins

    Raises:
        NoProgram: it is not there.
    """
    wheel, name, _version = _found(wheels)
    finished = store / f"ffmpeg-{_digest(wheel)}.zip"
    if not finished.exists():
        unfinished = finished.with_suffix(".new")
        with zipfile.ZipFile(wheel) as held, zipfile.ZipFile(unfinished, "w") as packed:
            packed.writestr(entry(PROGRAM, _MAY_RUN), held.read(name))
        unfinished.replace(finished)
    os.utime(finished)  # pruning removes what has an old time
    shutil.copyfile(finished, archive)


def program_in(wheels: Path) -> tuple[Path, str]:
    """The wheel that has the program, and the program's version.

    Raises:
        NoProgram: it is not there.
    """
    wheel, _name, version = _found(wheels)
    return wheel, version


def _found(wheels: Path) -> tuple[Path, str, str]:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as held:
            for name in held.namelist():
                if program := _IN_THE_WHEEL.fullmatch(name):
                    return wheel, name, program[1]
    raise NoProgram(f"no wheel of {REQUIREMENTS} has ffmpeg for Linux on x86_64")


def _digest(wheel: Path) -> str:
    """A hash of everything from which the layer is made."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(wheel.read_bytes())
    return digest.hexdigest()[:24]

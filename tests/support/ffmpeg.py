"""The programs that make videos: this machine's, and the one of the layer that AWS gets."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import pytest

from local.artifact.package import ffmpeg_layer
from local.artifact.package.make import wheels_of
from local.artifact.package.unpacking import unpacked
from local.machine.checkout import Checkout

MACHINES, LAYERS = "machine's", "layer's"


def folder_of(program: str, folder: Path) -> Path:
    """The folder that has this program as `ffmpeg`. The layer is made in `folder`."""
    if program == LAYERS:
        return _layers(folder)
    found = shutil.which("ffmpeg")
    assert found is not None, "ffmpeg is not installed: make setup"
    return Path(found).parent


def _layers(folder: Path) -> Path:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the layer's program is for Linux on x86_64")
    checkout, archive = Checkout(), folder / ffmpeg_layer.FILE
    with checkout.locked("package"):
        wheels = wheels_of(ffmpeg_layer.REQUIREMENTS, checkout)
        ffmpeg_layer.write(wheels, checkout.folder("deploy", "layers"), archive)
    return (unpacked(archive, checkout.folder("deploy", "code")) / ffmpeg_layer.PROGRAM).parent

"""Downloads the layer's packages for Lambda, each checked against its hash in `requirements.txt`.

Chalice takes them from here. Left to itself it would download a package again, unchecked, where the
first file is not for Lambda's system.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Run = Callable[[Sequence[str]], object]
HASH = "--hash="
OLDEST_GLIBC, RUNTIMES_GLIBC = 17, 26  # that of Amazon Linux 2 is 2.26 ("Lambda runtimes")
PLATFORMS = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(RUNTIMES_GLIBC, OLDEST_GLIBC - 1, -1)),
    "manylinux2014_x86_64",
)


def verified_wheels(requirements: Path, store: Path, run: Run) -> Path:
    """The folder with the wheels; they are downloaded once for each list of requirements.

    Args:
        run: runs a command; raises where it fails, as it does for a file with another hash
    """
    digest = hashlib.sha256(requirements.read_bytes())
    digest.update(f"{sys.version_info[:2]} {sys.platform}".encode())
    folder = store / digest.hexdigest()[:16]
    if not folder.exists():
        unfinished = folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
        download += ["--disable-pip-version-check", "--dest", str(unfinished)]
        if HASH in requirements.read_text("utf-8"):  # an earlier commit that is deployed has none
            download += ["--require-hashes", "--no-deps"]
        download += ["-r", str(requirements)]
        run([*download, *(f"--platform={name}" for name in PLATFORMS)])
        if sys.platform != "linux":
            run(download)  # Chalice first asks for those of this machine
        unfinished.rename(folder)
    os.utime(folder)  # pruning removes what has an old time
    return folder


def only_from(wheels: Path) -> Mapping[str, str]:
    """The variables with which pip knows no other place."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": wheels.as_uri(),
        "PIP_NO_INDEX": "1",
    }

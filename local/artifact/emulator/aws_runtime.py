"""The folder that a process sees as Lambda's `/var/runtime`: AWS's runtime client and SDK.

It holds these packages and nothing else. A package that the layer forgot is therefore missing
here, as it would be in AWS.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from local.machine.checkout import Checkout

DISTRIBUTIONS = (
    "awslambdaric",
    "snapshot-restore-py",
    "simplejson",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)


def runtime_folder(checkout: Checkout) -> Path:
    """The folder for the installed versions; it is made on first use.

    Files are copied (by hard link where possible). A sandbox may hide the target of a symbolic link.
    """
    versions = "".join(f"{n} {importlib.metadata.version(n)}\n" for n in DISTRIBUTIONS)
    digest = hashlib.sha256(versions.encode()).hexdigest()[:12]
    folder = checkout.folder("deploy", "runtime") / digest
    with checkout.locked("runtime"):
        if not folder.exists():
            unfinished = folder.with_suffix(".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            for path in (path for name in DISTRIBUTIONS for path in _top_level(name)):
                _copy(path, unfinished / path.name)
            unfinished.rename(folder)
    return folder


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(source, target)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _top_level(distribution: str) -> Iterator[Path]:
    """The packages and modules of a distribution, including compiled ones."""
    found = importlib.metadata.distribution(distribution)
    names = {path.parts[0] for path in found.files or ()}
    for name in sorted(names):
        if not name.endswith((".dist-info", ".data")) and name not in {"..", "__pycache__"}:
            yield Path(str(found.locate_file(name))).resolve()

"""Removes unpacked code, finished layers and wheels that no package has used for a week."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from local.artifact.package.make import Artifact
from local.artifact.package.template import read_template
from local.artifact.package.unpacking import unpack
from local.machine.checkout import Checkout

KEPT_SECONDS = 7 * 24 * 3600


def prune(checkout: Checkout, current: Iterable[Artifact]) -> None:
    """Remove what is old. What the current artifacts use stays, however old it is."""
    code, layers, wheels = (
        checkout.folder("deploy", name) for name in ("code", "layers", "wheels")
    )
    for artifact in current:
        template = read_template(artifact.template)
        for spec in {(s.code, s.layers): s for s in template.functions.values()}.values():
            unpack(spec, code)  # this marks it as used
    oldest = time.time() - KEPT_SECONDS
    for path in (*code.iterdir(), *layers.iterdir(), *wheels.iterdir()):
        if path.stat().st_mtime < oldest:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

"""What no package has used for a week goes; what the current packages use stays."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

from local.artifact.package.make import TEMPLATE, Artifact
from local.artifact.package.pruning import KEPT_SECONDS, prune
from local.artifact.package.template import FUNCTION, read_template
from local.artifact.package.unpacking import unpack
from local.machine.checkout import Checkout


def packaged(folder: Path, content: str) -> Artifact:
    """An artifact of one function."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        archive.writestr("app.py", content)
    said = {"Runtime": "python3.11", "CodeUri": "./code.zip", "Handler": "app.app"}
    resources = {"Api": {"Type": FUNCTION, "Properties": said}}
    (folder / TEMPLATE).write_text(json.dumps({"Resources": resources}))
    return Artifact(folder)


def test_only_old_and_unused_goes(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    code, layers = checkout.folder("deploy", "code"), checkout.folder("deploy", "layers")
    current, former, recent = (packaged(tmp_path / n, n) for n in ("current", "former", "recent"))
    used, unused, young = (
        unpack(read_template(each.template).functions["Api"], code).task
        for each in (current, former, recent)
    )
    old_layer = layers / "old.zip"
    old_layer.touch()
    long_ago = time.time() - KEPT_SECONDS - 1
    for path in (used, unused, old_layer):
        os.utime(path, (long_ago, long_ago))

    prune(checkout, [current])

    assert used.exists()
    assert young.exists()
    assert not unused.exists()
    assert not old_layer.exists()

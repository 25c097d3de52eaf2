"""A function sees its code and layers as in AWS: read-only, later layers on top, programs that run."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

from local.artifact.package.repack import entry
from local.artifact.package.template import FunctionSpec
from local.artifact.package.unpacking import unpack


def archive(path: Path, **files: str) -> Path:
    """A zip with these files; what is below `bin` may be run."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            place = name.replace("__", "/")
            mode = 0o100755 if place.startswith("bin/") else 0o100644
            packed.writestr(entry(place, mode), content)
    return path


def function(code: Path, *layers: Path) -> FunctionSpec:
    return FunctionSpec(
        name="Function",
        function_name="function",
        handler="app.app",
        runtime="python3.11",
        code=code,
        layers=layers,
        timeout=1,
        memory_mb=128,
        environment={},
        reserved_concurrency=None,
        retries=0,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_programs_may_be_run(tmp_path: Path) -> None:
    code, layer = archive(tmp_path / "a.zip", app="1"), archive(tmp_path / "b.zip", bin__tool="#!")

    folders = unpack(function(code, layer), tmp_path / "store")

    assert (mode(folders.task / "app"), mode(folders.opt / "bin" / "tool")) == (0o444, 0o555)


def test_later_layer_wins(tmp_path: Path) -> None:
    code = archive(tmp_path / "a.zip", app="1")
    lower = archive(tmp_path / "lower.zip", lib__same="old", lib__own="kept")
    upper = archive(tmp_path / "upper.zip", lib__same="new")

    opt = unpack(function(code, lower, upper), tmp_path / "store").opt
    alone = unpack(function(code, lower), tmp_path / "store").opt

    assert ((opt / "lib/same").read_text(), (opt / "lib/own").read_text()) == ("new", "kept")
    assert (alone / "lib/same").read_text() == "old"


def test_unchanged_layer_is_unpacked_once(tmp_path: Path) -> None:
    """`make deploy-local HOT=1` lays a new one over a big one with every change."""
    code, big = archive(tmp_path / "a.zip", app="1"), archive(tmp_path / "big.zip", bin__tool="#!")
    first, second = (archive(tmp_path / f"{name}.zip", lib=name) for name in ("first", "second"))

    tools = [
        unpack(function(code, big, small), tmp_path / "store").opt / "bin" / "tool"
        for small in (first, second)
    ]

    assert os.path.samefile(*tools)

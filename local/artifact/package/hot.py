"""Repackages what changes and makes the server serve it, within two seconds.

Chalice packages the functions' bundle as always. Building the whole layer takes longer than two
seconds, so changes of our own code go into one more layer on top. The next `make deploy-local` builds
the whole layer again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from chalicelib.systems import NAMES
from local.artifact.package.make import Artifact, PackagingFailed, package
from local.artifact.package.repack import SITE_PACKAGES, compiled
from local.artifact.package.sources import CACHE, LINKED, left_out_of, source_files
from local.artifact.package.template import FUNCTION, LAYER
from local.machine.checkout import Checkout
from local.machine.environment import may_use_proxy

if TYPE_CHECKING:
    from chalice.deploy.packager import LayerDeploymentPackager

POLL_SECONDS = 0.2
REPLACED_SECONDS = 60.0
OVERLAY = "HotLayer"
OVERLAY_ZIP = "hot-layer.zip"
Change = tuple[float, str]
"""The time at which a change was noticed, and its failure, if any."""


def changes(checkout: Checkout, control: str) -> Iterator[Change]:
    """Serve every change of the sources. This never returns.

    Args:
        control: the address of the server's control API
    """
    seen = {system: _snapshot(checkout.root, system) for system in NAMES}
    while True:
        time.sleep(POLL_SECONDS)
        for system in NAMES:
            now = _snapshot(checkout.root, system)
            if now != seen[system]:
                seen[system], started = now, time.monotonic()
                yield started, _serve(checkout, system, control)


def _snapshot(root: Path, system: str) -> dict[str, int]:
    found = {}
    for path in source_files(root, system):
        try:
            found[str(path.relative_to(root))] = path.stat().st_mtime_ns
        except FileNotFoundError:  # an editor is replacing it
            continue
    return found


def _serve(checkout: Checkout, system: str, control: str) -> str:
    try:
        artifact = repackage(checkout, system)
        answer = httpx.put(
            f"{control}/artifact",
            content=str(artifact.template),
            timeout=REPLACED_SECONDS,
            trust_env=may_use_proxy(control),
        )
    except (PackagingFailed, httpx.HTTPError) as error:
        return str(error)
    return "" if answer.is_success else answer.text


def repackage(checkout: Checkout, system: str) -> Artifact:
    """Package a system's sources as they are now.

    Raises:
        PackagingFailed: Chalice failed
    """
    folder = checkout.folder("deploy", "hot", system)
    with _last_layer(checkout.root):
        artifact = package(system, checkout=checkout, folder=folder)
    _overlay(checkout.root, system, folder / OVERLAY_ZIP)
    _lay_over(artifact.template)
    return artifact


@contextlib.contextmanager
def _last_layer(root: Path) -> Iterator[None]:
    """For this one package, let Chalice reuse the newest layer that it made from these sources."""
    made = root / ".chalice" / "deployments"
    layers = sorted(made.glob("managed-layer-*.zip"), key=lambda path: path.stat().st_mtime)
    wanted = Path(_layer_packager().deployment_package_filename(str(root), python_version()))
    if wanted.exists() or not layers:
        yield
        return
    shutil.copyfile(layers[-1], wanted)
    try:
        yield
    finally:
        wanted.unlink()


def python_version() -> str:
    """The runtime, by Chalice's name for it."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def _layer_packager() -> LayerDeploymentPackager:
    from chalice.deploy.packager import DependencyBuilder, LayerDeploymentPackager
    from chalice.utils import UI, OSUtils

    system = OSUtils()
    return LayerDeploymentPackager(system, DependencyBuilder(system), UI())


def _overlay(root: Path, system: str, archive: Path) -> None:
    vendor, others = root / "vendor", left_out_of(root, system)
    linked = {root / name for name in LINKED}

    def ignored(folder: str, _names: list[str]) -> list[str]:
        return [CACHE, *(others if Path(folder) in linked else ())]

    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(vendor, Path(name, SITE_PACKAGES), ignore=ignored)
        compiled(Path(name), archive)


def _lay_over(template: Path) -> None:
    document = json.loads(template.read_text())
    resources = document["Resources"]
    resources[OVERLAY] = {"Type": LAYER, "Properties": {"ContentUri": f"./{OVERLAY_ZIP}"}}
    for resource in resources.values():
        if resource["Type"] == FUNCTION:
            layers = resource["Properties"].setdefault("Layers", [])
            if {"Ref": OVERLAY} not in layers:
                layers.append({"Ref": OVERLAY})
    template.write_text(json.dumps(document))

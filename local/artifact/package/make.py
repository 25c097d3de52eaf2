"""Makes the deployable artifact of a system: runs `chalice package` and completes its result.

AWS deployments and local ones both use it. It deploys nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local.artifact.package import bill_of_materials, ffmpeg_layer
from local.artifact.package.bill_of_materials import FILE as SBOM
from local.artifact.package.infra import infra_template
from local.artifact.package.preflights import lists_origins, preflight_operation
from local.artifact.package.repack import finish
from local.artifact.package.sources import CACHE, infra_file, left_out_of, source_files
from local.artifact.package.template import ANY_METHOD, API, FUNCTION, METADATA
from local.artifact.package.unused_packages import unused_packages
from local.artifact.package.wheels import only_from, verified_wheels
from local.aws_shapes.account import REGION
from local.machine.checkout import Checkout
from local.machine.python_program import python_program

COLD_START = {
    "PYDANTIC_DISABLE_PLUGINS": "__all__"
}  # plugins would read the metadata of every package
NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "none",  # without a key botocore asks the network for one
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
TEMPLATE = "sam.json"
BUNDLE = "deployment.zip"
LAYER = "layer-deployment.zip"
FFMPEG_LAYER = ffmpeg_layer.FILE
SETTINGS_OF = """
import dataclasses, json, sys
from chalicelib.systems import system_of
fields = dataclasses.fields(system_of(sys.argv[1]).configuration)
print(json.dumps(sorted(field.name.upper() for field in fields)))
"""
"""Asked of the sources in a process of their own: they may be another checkout's."""


class PackagingFailed(RuntimeError):
    """A system could not be packaged; the text gives the reason."""


@dataclass(frozen=True)
class Artifact:
    """The deployable files: the template, and beside it the zips that it names."""

    folder: Path

    @property
    def template(self) -> Path:
        """The template of the functions."""
        return self.folder / TEMPLATE

    @property
    def bundle(self) -> Path:
        """The zip with the functions' own code."""
        return self.folder / BUNDLE

    @property
    def layer(self) -> Path:
        """The zip with the packages that the functions import."""
        return self.folder / LAYER

    @property
    def ffmpeg_layer(self) -> Path:
        """The zip with the program that makes videos; there for app.events only."""
        return self.folder / FFMPEG_LAYER

    @property
    def digest(self) -> str:
        """A hash of the content."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            if path.suffix in {".json", ".zip"}:
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]


def package(
    system: str, stage: str = "dev", checkout: Checkout | None = None, folder: Path | None = None
) -> Artifact:
    """Package a system of the checkout. The artifact of unchanged sources is reused.

    Raises:
        PackagingFailed: there is no such system or stage, or Chalice failed
    """
    checkout = checkout or Checkout()
    folder = folder or _folder(system, checkout)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "made-of"
    with checkout.locked("package"):
        made_of = _digest_of_sources(checkout.root, system, stage)
        if not stamp.exists() or stamp.read_text() != made_of:
            stamp.unlink(missing_ok=True)
            _forget_compiled(checkout.root)
            wheels = wheels_of("requirements.txt", checkout)
            _chalice_package(checkout.root, f"{system}-{stage}", folder, system, wheels)
            _complete(folder / TEMPLATE, system, _settings_of(checkout.root, system))
            finish(
                folder / BUNDLE,
                folder / LAYER,
                checkout.folder("deploy", "layers"),
                left_out_of(checkout.root, system),
                unused_packages(checkout.root, system),
            )
            ffmpeg = _ffmpeg(checkout, folder)
            bill_of_materials.write(system, folder / LAYER, wheels, folder / SBOM, ffmpeg)
            stamp.write_text(made_of)
    return Artifact(folder)


def packaged_template(system: str, checkout: Checkout) -> Path:
    """The template of the system's last package."""
    return _folder(system, checkout) / TEMPLATE


def _folder(system: str, checkout: Checkout) -> Path:
    return checkout.folder("deploy", "packages", system)


def _digest_of_sources(root: Path, system: str, stage: str) -> str:
    digest = hashlib.sha256(f"{system}-{stage} {sys.version_info[:2]} {sys.platform}".encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    for path in source_files(root, system):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _forget_compiled(root: Path) -> None:
    """Remove compiled files from the sources, because Chalice would package them."""
    for name in ("functions", "layers", "sql"):
        for place, folders, _ in os.walk(root / name):
            if CACHE in folders:
                folders.remove(CACHE)
                shutil.rmtree(Path(place, CACHE), ignore_errors=True)


def _chalice_package(root: Path, stage: str, folder: Path, system: str, wheels: Path) -> None:
    """Run Chalice. It takes any stage; with one that it does not know it would serve all systems."""
    if stage not in json.loads((root / "chalice.json").read_text(encoding="utf-8"))["stages"]:
        raise PackagingFailed(f"chalice.json has no stage {stage}")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as merged:
        merged.write(json.dumps(infra_template(root, system)))
        merged.flush()
        options = ["--stage", stage, "--merge-template", merged.name]
        _output_of(
            [*python_program("chalice"), "package", *options, str(folder)], root, only_from(wheels)
        )


def _settings_of(root: Path, system: str) -> list[str]:
    """The names of the variables that the system reads."""
    names = json.loads(_output_of([sys.executable, "-c", SETTINGS_OF, system], root))
    return list(names)


def _ffmpeg(checkout: Checkout, folder: Path) -> Path | None:
    """Write the layer with ffmpeg, if the template names it; returns the folder of its wheel then."""
    archive = folder / FFMPEG_LAYER
    if FFMPEG_LAYER not in (folder / TEMPLATE).read_text(encoding="utf-8"):
        archive.unlink(missing_ok=True)
        return None
    wheels = wheels_of(ffmpeg_layer.REQUIREMENTS, checkout)
    ffmpeg_layer.write(wheels, checkout.folder("deploy", "layers"), archive)
    return wheels


def wheels_of(requirements: str, checkout: Checkout) -> Path:
    """The folder with the wheels that a file of the checkout pins. The caller holds the lock `package`.

    Raises:
        PackagingFailed: one cannot be had, or has another hash.
    """

    def run(command: Sequence[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PackagingFailed(f"a package cannot be downloaded as it is pinned:\n{done.stderr}")

    store = checkout.folder("deploy", "wheels")
    return verified_wheels(checkout.root / requirements, store, run)


def _output_of(command: list[str], root: Path, variables: Mapping[str, str] = NOTHING_MORE) -> str:
    searched = os.pathsep.join([str(root), str(root / "vendor")])
    done = subprocess.run(
        command,
        cwd=root,
        env={**_environment(), **variables, "PYTHONPATH": searched},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingFailed(f"packaging failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    """The caller's environment without what would change the package: AWS's variables and pip's."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIP_"))
    }
    return {**own, **NO_ACCOUNT}


def _complete(template: Path, system: str, settings: list[str]) -> None:
    """Complete Chalice's template: every method of a known path reaches the function.

    A wrong method then gets Chalice's 405 with `Allow` in the envelope, not the 403 of AWS's gateway.
    Where pages of other origins may come, the gateway itself answers OPTIONS.
    Every function also gets a role and the settings of a fast cold start.
    """
    document = json.loads(template.read_text(encoding="utf-8"))
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == API:
            for operations in properties["DefinitionBody"]["paths"].values():
                operations.setdefault(ANY_METHOD, _any_method(operations))
                if lists_origins(document):
                    operations.setdefault("options", preflight_operation(operations))
        elif resource["Type"] == FUNCTION:
            if not isinstance(properties["Role"], dict):
                raise PackagingFailed(f"{infra_file(system)} has no Policies of {name}")
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables.update({**COLD_START, **variables})
    document["Metadata"] = {METADATA: {"System": system, "Settings": settings}}
    template.write_text(json.dumps(document, indent=2, sort_keys=True))


def _any_method(operations: dict[str, Any]) -> dict[str, Any]:
    like = next(iter(operations.values()))
    kept = ("responses", "x-amazon-apigateway-integration")
    return {name: like[name] for name in kept}

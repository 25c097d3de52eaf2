"""Makes the deployable artifact: `chalice package` and what it leaves to be done.

The one way to it, for AWS and for here. Deploys nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.artifact.package.compile_layer import finish
from local.artifact.package.template import ANY_METHOD, API, FUNCTION
from local.aws_shapes.account import REGION
from local.machine.checkout import Checkout

SOURCES = ("app.py", "chalice.json", "requirements.txt", "functions", "layers", "sql", "vendor")
MERGED_TEMPLATE = Path("infra", "functions.yaml")
LEFT_OUT = ("__pycache__",)
COLD_START = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}  # it would read every package's metadata
TEMPLATE = "sam.json"
MERGED_YAML = "sam.yaml"
BUNDLE = "deployment.zip"
LAYER = "layer-deployment.zip"


class PackagingError(RuntimeError):
    """`chalice package` failed; the text is its own."""


@dataclass(frozen=True)
class Artifact:
    """What goes to AWS: the template, and beside it the zips that it names."""

    folder: Path

    @property
    def template(self) -> Path:
        """The template of the functions."""
        return self.folder / TEMPLATE

    @property
    def bundle(self) -> Path:
        """The functions' own code."""
        return self.folder / BUNDLE

    @property
    def layer(self) -> Path:
        """What the functions import."""
        return self.folder / LAYER

    @property
    def digest(self) -> str:
        """A name for this content."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            if path.suffix in {".json", ".zip"}:
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]


def package(
    checkout: Checkout | None = None, stage: str = "dev", folder: Path | None = None
) -> Artifact:
    """Package the app of the checkout, or take the artifact of the same sources.

    Raises:
        PackagingError: Chalice could not; the text says why
    """
    checkout = checkout or Checkout()
    folder = folder or checkout.folder("deploy")
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "made-of"
    with checkout.locked("package"):
        made_of = _digest_of_sources(checkout.root, stage)
        if not stamp.exists() or stamp.read_text() != made_of:
            stamp.unlink(missing_ok=True)
            _forget_compiled(checkout.root)
            _chalice_package(checkout.root, stage, folder)
            _complete(folder)
            finish(folder / BUNDLE, folder / LAYER, checkout.folder("deploy", "layers"))
            stamp.write_text(made_of)
    return Artifact(folder)


def _forget_compiled(root: Path) -> None:
    """Remove what running the sources left among them: Chalice would package it."""
    for name in ("functions", "layers", "sql"):
        for cache in (root / name).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


def _chalice_package(root: Path, stage: str, folder: Path) -> None:
    merged = root / MERGED_TEMPLATE
    options = ["--merge-template", str(merged)] if merged.exists() else []
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage]
    done = subprocess.run(
        [*command, *options, str(folder)],
        cwd=root,
        env={"AWS_DEFAULT_REGION": REGION, **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingError(f"`chalice package` failed:\n{done.stdout}{done.stderr}")


def _complete(folder: Path) -> None:
    """What Chalice leaves out: every method of a known path reaches the function.

    So AWS's gateway does not answer a wrong method with its own 403; Chalice answers 405 with
    `Allow`, in the envelope. And every function has the settings of a fast cold start.
    """
    document = _template_of_chalice(folder)
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == API:
            for operations in properties["DefinitionBody"]["paths"].values():
                operations.setdefault(ANY_METHOD, _any_method(operations))
        elif resource["Type"] == FUNCTION:
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables.update({**COLD_START, **variables})
    (folder / TEMPLATE).write_text(json.dumps(document, indent=2, sort_keys=True))


def _template_of_chalice(folder: Path) -> Any:
    """Chalice writes YAML when the merged template is YAML, else JSON, which is YAML as well."""
    written = folder / MERGED_YAML
    if not written.exists():
        written = folder / TEMPLATE
    document = yaml.safe_load(written.read_text(encoding="utf-8"))
    written.unlink()
    return document


def _any_method(operations: dict[str, Any]) -> dict[str, Any]:
    like = next(iter(operations.values()))
    kept = ("responses", "x-amazon-apigateway-integration")
    return {name: like[name] for name in kept}


def _digest_of_sources(root: Path, stage: str) -> str:
    digest = hashlib.sha256(f"{stage} {sys.version_info[:2]} {sys.platform}".encode())
    for name in ("make.py", "compile_layer.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    for path in source_files(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files(root: Path) -> Iterator[Path]:
    """What the artifact is made of."""
    for name in (*SOURCES, str(MERGED_TEMPLATE)):
        source = root / name
        found = [source] if source.is_file() else sorted(source.rglob("*"))
        yield from (f for f in found if f.is_file() and not set(LEFT_OUT) & set(f.parts))

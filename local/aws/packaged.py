"""The packaged functions as a template that AWS takes without a transform of its own.

Chalice's template is in AWS's serverless notation; it is expanded here with AWS's own translator, so
that what is deployed is exactly what the tests have looked at.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.checkout import Checkout

ANY_METHOD = "x-amazon-apigateway-any-method"
TEMPLATE, BUNDLE, LAYER = "sam.yaml", "deployment.zip", "layer-deployment.zip"
Template = dict[str, Any]


class PackagingError(Exception):
    """The functions could not be packaged; the text says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """The serverless template, and the zips that it names by their place beside it."""

    template: Template
    folder: Path

    def files(self) -> dict[str, Path]:
        """What to upload, by its name in the template; the key is unique to the content."""
        return {f"./{name}": self.folder / name for name in (BUNDLE, LAYER)}


def package(stage: str, folder: Path | None = None) -> Package:
    """Package the checkout's functions for a stage, into `.local/` unless told otherwise.

    Raises:
        PackagingError: Chalice refused; the text is its own.
    """
    checkout = Checkout()
    folder = folder or checkout.folder("aws", stage)
    with checkout.locked("package"):
        _forget_compiled(checkout.root)
        _chalice_package(checkout.root, stage, folder)
    template = yaml.safe_load((folder / TEMPLATE).read_text(encoding="utf-8"))
    _reach_every_method(template)
    return Package(template, folder)


def _forget_compiled(root: Path) -> None:
    """Remove what running the sources left among them: Chalice would package it."""
    for name in ("functions", "layers", "sql"):
        for cache in (root / name).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


def _chalice_package(root: Path, stage: str, folder: Path) -> None:
    chalice = str(Path(sys.executable).with_name("chalice"))
    merged = ["--merge-template", "infra/functions.yaml"]
    done = subprocess.run(
        [chalice, "package", "--stage", stage, *merged, str(folder)],
        cwd=root,
        env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def expand(template: Template, code: Mapping[str, str]) -> Template:
    """The template without serverless notation; `code` gives the place in S3 of each local file.

    Raises:
        PackagingError: the translator refused; the text names the resource.
    """
    placed = _with_places(template, code)
    try:
        expanded = Translator({}, Parser()).translate(placed, {})
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise PackagingError(f"the serverless template cannot be expanded: {causes}") from error
    return dict(expanded)


def content_key(path: Path) -> str:
    """A name for a file that is unique to its content."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:20]}{path.suffix}"


def _with_places(value: Any, code: Mapping[str, str]) -> Any:
    """A copy in which every local file is replaced by its place."""
    if isinstance(value, dict):
        return {name: _with_places(item, code) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_places(item, code) for item in value]
    return code.get(value, value) if isinstance(value, str) else value


def _reach_every_method(template: Template) -> None:
    """Let a wrong method on a known path reach the function, where Chalice answers it with 405.

    API Gateway itself would say 403 without `Allow`.
    """
    for operations in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][
        "paths"
    ].values():
        like = next(iter(operations.values()))
        kept = ("responses", "x-amazon-apigateway-integration")
        operations.setdefault(ANY_METHOD, {name: like[name] for name in kept})

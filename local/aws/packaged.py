"""Turns the packaged functions into a template that AWS takes without a transform.

Chalice's template is in AWS's serverless notation. AWS's own translator expands it here, so that AWS
gets exactly what the tests have checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.artifact.package.make import BUNDLE, FFMPEG_LAYER, LAYER, TEMPLATE, PackagingFailed
from local.artifact.package.make import package as make_artifact
from local.machine.checkout import Checkout

__all__ = ["TEMPLATE", "Package", "PackagingFailed", "content_key", "expand", "package"]
Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """The serverless template and the zips beside it."""

    template: Template
    folder: Path

    def files(self) -> dict[str, Path]:
        """The files to upload, by their name in the template. The key is unique to the content."""
        paths = (self.folder / name for name in (BUNDLE, LAYER, FFMPEG_LAYER))
        return {f"./{path.name}": path for path in paths if path.exists()}


def package(system: str, stage: str, folder: Path | None = None) -> Package:
    """A system's functions for a stage: the same artifact that `make deploy-local` runs.

    Raises:
        PackagingFailed: Chalice refused; the text is its own.
    """
    folder = folder or Checkout().folder("aws", stage, system)
    artifact = make_artifact(system, stage, folder=folder)
    return Package(json.loads(artifact.template.read_text(encoding="utf-8")), folder)


def expand(template: Template, code: Mapping[str, str]) -> Template:
    """The template without serverless notation. `code` maps each local file to its place in S3.

    Raises:
        PackagingFailed: the translator refused; the text names the resource.
    """
    placed = _with_places(template, code)
    try:
        expanded = Translator({}, Parser()).translate(placed, {})
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise PackagingFailed(f"the serverless template cannot be expanded: {causes}") from error
    return dict(expanded)


def content_key(path: Path) -> str:
    """A file name that is unique to the file's content."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:20]}{path.suffix}"


def _with_places(value: Any, code: Mapping[str, str]) -> Any:
    """A copy in which each local file is replaced by its place in S3."""
    if isinstance(value, dict):
        return {name: _with_places(item, code) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_places(item, code) for item in value]
    return code.get(value, value) if isinstance(value, str) else value

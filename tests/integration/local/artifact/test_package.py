"""The artifact is small, compiled, complete, and the same for the same sources."""

from __future__ import annotations

import json
import zipfile

import pytest

from local.artifact.package.make import Artifact, package


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return package("banking")


def test_sizes_are_within_their_bars(artifact: Artifact) -> None:
    assert artifact.bundle.stat().st_size <= 100_000
    assert artifact.layer.stat().st_size <= 15_000_000


def test_layer_modules_are_compiled(artifact: Artifact) -> None:
    with zipfile.ZipFile(artifact.layer) as layer:
        names = set(layer.namelist())
    sources = {name for name in names if name.endswith(("/app.py", "/endpoint.py", "/main.py"))}
    assert any(name.endswith("/chalice/app.py") for name in sources)
    assert any(name.endswith("/fintegrate/http/endpoint.py") for name in sources)
    for source in sources:
        folder, _, file = source.rpartition("/")
        stem = f"{folder}/__pycache__/{file.removesuffix('.py')}."
        assert any(name.startswith(stem) for name in names), source


def test_bundle_has_no_package(artifact: Artifact) -> None:
    with zipfile.ZipFile(artifact.bundle) as bundle:
        assert {name.partition("/")[0] for name in bundle.namelist()} == {"app.py", "chalicelib"}


def test_every_path_takes_every_method(artifact: Artifact) -> None:
    resources = json.loads(artifact.template.read_text())["Resources"]
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert paths
    assert all("x-amazon-apigateway-any-method" in operations for operations in paths.values())


def test_packaging_again_changes_nothing(artifact: Artifact) -> None:
    before = artifact.digest
    (artifact.folder / "made-of").unlink()
    assert package("banking").digest == before

"""The artifact is small, compiled, complete, and the same for the same sources."""

from __future__ import annotations

import json
import lzma
import re
import shutil
import struct
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from fintegrate.queries import load_queries
from local.artifact.package.bill_of_materials import FILE as SBOM
from local.artifact.package.make import (
    BUNDLE,
    LAYER,
    TEMPLATE,
    Artifact,
    PackagingFailed,
    package,
)
from local.artifact.package.repack import CODE, INIT, MODULES
from local.artifact.package.template import FunctionSpec, read_template
from local.artifact.package.unused_packages import unused_packages
from local.machine.checkout import ROOT, Checkout
from tests.integration.local.artifact.two_systems import copy_of_sources

PT_INTERP, ET_EXEC, EM_X86_64 = 3, 2, 62
"""Of an ELF file (elf(5)): a program header that names a loader, a fixed program, its processor."""


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return package("banking")


def test_sizes_are_bounded(artifact: Artifact) -> None:
    """A cold start fetches and unpacks both."""
    assert artifact.bundle.stat().st_size <= 140_000
    assert artifact.layer.stat().st_size <= 13_500_000


def test_relays_sizes_are_bounded() -> None:
    """Its layer has what seals, what reads telephone numbers, and the way out."""
    relay = package("relay")

    assert relay.bundle.stat().st_size <= 100_000
    assert relay.layer.stat().st_size <= 21_500_000
    with zipfile.ZipFile(relay.layer) as layer:
        names = layer.namelist()
    for needed in ("cryptography", "phonenumbers", "h11"):
        assert any(f"/site-packages/{needed}/" in name for name in names), needed


def test_sizes_of_app_events_are_bounded() -> None:
    """It has what checks tokens, and no telephone numbers."""
    artifact = package("appevents")

    assert artifact.bundle.stat().st_size <= 100_000
    assert artifact.layer.stat().st_size <= 20_500_000
    with zipfile.ZipFile(artifact.layer) as layer:
        names = layer.namelist()
    for name, needed in {"jwt": True, "cryptography": True, "phonenumbers": False}.items():
        assert any(f"/site-packages/{name}/" in each for each in names) is needed, name


@pytest.fixture(scope="module")
def processing() -> FunctionSpec:
    """The function that makes videos."""
    return read_template(package("appevents").template).functions["AppProcessing"]


def test_one_function_has_ffmpeg() -> None:
    artifact = package("appevents")
    functions = read_template(artifact.template).functions

    having = {name for name, spec in functions.items() if artifact.ffmpeg_layer in spec.layers}
    assert having == {"AppProcessing"}
    assert not package("banking").ffmpeg_layer.exists()


def test_code_of_videos_fits_lambda(processing: FunctionSpec) -> None:
    """A function with its layers has at most 250 MB unpacked ("Lambda quotas")."""
    unpacked = 0
    for archive in (processing.code, *processing.layers):
        with zipfile.ZipFile(archive) as packed:
            unpacked += sum(entry.file_size for entry in packed.infolist())

    assert len(processing.layers) == 2
    assert unpacked <= 250 * 1024 * 1024


def test_layers_ffmpeg_needs_no_library(processing: FunctionSpec) -> None:
    """The runtime's glibc is older than what a program of today is linked with."""
    with zipfile.ZipFile(processing.layers[1]) as layer:
        (program,) = layer.infolist()
        content = layer.read(program)
    assert (program.filename, program.external_attr >> 16) == ("bin/ffmpeg", 0o100755)
    kind, machine, headers_at = struct.unpack_from("<16xHH12xQ", content)
    size, count = struct.unpack_from("<54xHH", content)
    kinds = [struct.unpack_from("<I", content, headers_at + n * size)[0] for n in range(count)]

    assert (content[:5], kind, machine) == (b"\x7fELF\x02", ET_EXEC, EM_X86_64)
    assert PT_INTERP not in kinds


def test_bill_names_ffmpeg() -> None:
    bill = json.loads((package("appevents").folder / SBOM).read_text())

    (program,) = (each for each in bill["components"] if each["name"] == "ffmpeg")
    assert program["hashes"][0]["content"] in (ROOT / "requirements-ffmpeg.txt").read_text()
    assert program["licenses"] == [{"expression": "GPL-3.0-or-later"}]


def test_banking_lacks_the_others_packages(artifact: Artifact) -> None:
    with zipfile.ZipFile(artifact.layer) as layer:
        names = layer.namelist()

    for name in ("cryptography", "phonenumbers", "jwt"):
        assert not [n for n in names if f"/site-packages/{name}" in n], name


@pytest.mark.parametrize("system", ["banking", "relay", "appevents"])
def test_console_belongs_to_banking(system: str) -> None:
    made = package(system)
    paths = json.loads(made.template.read_text())["Resources"]["RestAPI"]["Properties"][
        "DefinitionBody"
    ]["paths"]
    with zipfile.ZipFile(made.layer) as layer:
        files = [name for name in layer.namelist() if "/fintegrate_browser/console/" in name]
    with zipfile.ZipFile(made.bundle) as bundle:
        modules = json.loads(lzma.decompress(bundle.read(f"{CODE}{MODULES}")))

    has = system == "banking"
    assert ({"/console", "/console/session", "/console/assets/{name}"} <= set(paths)) is has
    assert any(name.endswith("/index.html") for name in files) is has
    assert ("console/index.py" in modules) is has


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
        assert set(bundle.namelist()) == {"app.py", INIT, f"{CODE}{MODULES}"}


def test_every_path_takes_every_method(artifact: Artifact) -> None:
    resources = json.loads(artifact.template.read_text())["Resources"]
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert paths
    assert all("x-amazon-apigateway-any-method" in operations for operations in paths.values())


@pytest.mark.night_long
def test_packages_anywhere_are_the_same_bytes(artifact: Artifact, tmp_path: Path) -> None:
    copy = copy_of_sources(tmp_path / "an other place")
    wheels = Checkout().folder("deploy", "wheels")
    shutil.copytree(wheels, copy.folder("deploy") / "wheels")

    other = package("banking", checkout=copy)

    for name in (BUNDLE, LAYER, TEMPLATE, SBOM):
        assert (other.folder / name).read_bytes() == (artifact.folder / name).read_bytes(), name


def test_bill_names_what_is_pinned(artifact: Artifact) -> None:
    bill = json.loads((artifact.folder / SBOM).read_text())
    pinned = [
        pin
        for pin in re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements.txt").read_text(), re.M)
        if pin.partition("==")[0] not in unused_packages(ROOT, "banking")
    ]
    assert "cryptography" in unused_packages(ROOT, "banking")
    named = {f"{each['name'].lower()}=={each['version']}" for each in bill["components"]}

    assert {name.replace("_", "-") for name in named} == {
        *(name.replace("_", "-") for name in pinned),
        f"chalice=={version('chalice')}",
    }
    assert all("hashes" in each for each in bill["components"] if each["name"] != "chalice")
    assert all("licenses" in each for each in bill["components"])


def test_changed_package_is_refused(tmp_path: Path) -> None:
    copy = copy_of_sources(tmp_path)
    pinned = copy.root / "requirements.txt"
    wrong = re.sub(r"--hash=sha256:\w{64}", f"--hash=sha256:{'0' * 64}", pinned.read_text())
    pinned.write_text(wrong)

    with pytest.raises(PackagingFailed, match="cannot be downloaded as it is pinned"):
        package("banking", checkout=copy)


def test_packaging_again_changes_nothing(artifact: Artifact) -> None:
    before = artifact.digest
    (artifact.folder / "made-of").unlink()
    assert package("banking").digest == before


def test_packed_statements_have_names_and_no_comments(artifact: Artifact) -> None:
    with zipfile.ZipFile(artifact.bundle) as bundle:
        modules = json.loads(lzma.decompress(bundle.read(f"{CODE}{MODULES}")))
    for name in (name for name in modules if name.endswith(".sql")):
        source = load_queries(ROOT / "functions" / name)
        packed = [line for line in modules[name].splitlines() if line.lstrip().startswith("--")]
        assert packed == [f"-- name: {each}" for each in source], name

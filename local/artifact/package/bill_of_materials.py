"""Writes which packages the layer holds: a bill of materials in CycloneDX's JSON (version 1.6).

It is made of the layer itself, so it names what is there, not what was asked for. It has no serial
number and no time, so the same package has the same bill.
"""

from __future__ import annotations

import email
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from local.artifact.package import ffmpeg_layer

FILE = "sbom.json"
METADATA = re.compile(r"[^/]+\.dist-info/METADATA$")
CHALICE = "chalice"
"""Its runtime comes to the layer without its metadata, from the Python that packages."""


def write(system: str, layer: Path, wheels: Path, file: Path, ffmpeg: Path | None = None) -> None:
    """Write the bill of a system's layers.

    Args:
        wheels: the folder with the wheels of which the layer was made
        ffmpeg: the folder with the wheel of the layer with ffmpeg, if there is one
    """
    hashes = dict(_hashes(wheels))
    with zipfile.ZipFile(layer) as packed:
        names = [name for name in packed.namelist() if METADATA.search(name)]
        found = [email.message_from_bytes(packed.read(name)) for name in names]
    components = [_component(said, hashes) for said in [*found, _of_chalice()]]
    components += [_of_ffmpeg(ffmpeg)] if ffmpeg else []
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": f"fintegrate-{system}"}},
        "components": sorted(components, key=lambda component: str(component["name"])),
    }
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")


def _of_chalice() -> Message:
    said, known = Message(), metadata(CHALICE)
    for name in ("Name", "Version", "License-Expression", "License"):
        if name in known:
            said[name] = known[name]
    return said


def _of_ffmpeg(wheels: Path) -> dict[str, Any]:
    """The program, by its own version and licence; the package around it stays out of the layer."""
    wheel, version = ffmpeg_layer.program_in(wheels)
    return {
        "type": "application",
        "bom-ref": f"ffmpeg@{version}",
        "name": "ffmpeg",
        "version": version,
        "purl": f"pkg:generic/ffmpeg@{version}",
        "licenses": [{"expression": "GPL-3.0-or-later"}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }


def _hashes(wheels: Path) -> Iterator[tuple[str, str]]:
    for wheel in wheels.glob("*.whl"):
        name, version, *_ = wheel.name.split("-")
        yield _purl(name, version), hashlib.sha256(wheel.read_bytes()).hexdigest()


def _component(said: Message, hashes: dict[str, str]) -> dict[str, Any]:
    name, version = str(said["Name"]), str(said["Version"])
    purl = _purl(name, version)
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if expression := said.get("License-Expression"):
        component["licenses"] = [{"expression": str(expression)}]
    elif named := said.get("License") or _classified(said):
        component["licenses"] = [{"license": {"name": str(named).partition("\n")[0]}}]
    if purl in hashes:
        component["hashes"] = [{"alg": "SHA-256", "content": hashes[purl]}]
    return component


def _classified(said: Message) -> str:
    """The licence of the classifiers, `License :: OSI Approved :: BSD License`."""
    values = map(str, said.get_all("Classifier", []))
    return next((v.rpartition(" :: ")[2] for v in values if v.startswith("License :: ")), "")


def _purl(name: str, version: str) -> str:
    """The package's URL: its name in lower case, `_` as `-` (purl's type `pypi`)."""
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"

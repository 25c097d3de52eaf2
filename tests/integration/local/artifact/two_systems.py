"""Copies of the sources: as they are, or with an invented second system, `letters`, beside banking."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from local.machine.checkout import Checkout

LETTERS = Path(__file__).with_name("letters")
COPIED = (
    *("app.py", "chalice.json", "requirements.txt", "requirements-ffmpeg.txt"),
    *("functions", "layers", "sql", "browser", "infra"),
)
LINKS = (
    ("chalicelib", "functions"),
    ("vendor/fintegrate", "../layers/fintegrate/python/fintegrate"),
    ("vendor/fintegrate_sql", "../sql"),
    ("vendor/fintegrate_browser", "../browser"),
    (".chalice/config.json", "../chalice.json"),
)


LISTED = re.compile(r"^(NAMES = \([^)]*\w\"),?\)", re.MULTILINE)
IGNORED = shutil.ignore_patterns("__pycache__")


def copy_of_sources(folder: Path) -> Checkout:
    """The copy. It has nothing that was packaged before."""
    folder.mkdir(exist_ok=True)
    for name in COPIED:
        source = Checkout().root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=IGNORED)
        else:
            shutil.copy(source, folder / name)
    for link, target in LINKS:
        (folder / link).parent.mkdir(exist_ok=True)
        (folder / link).symlink_to(target)
    return Checkout(folder)


def copy_with_letters(folder: Path, queue: str) -> Checkout:
    """The copy; letters gets the messages of the queue."""
    checkout = copy_of_sources(folder)
    shutil.copytree(LETTERS / "functions", folder / "functions" / "letters", ignore=IGNORED)
    shutil.copytree(LETTERS / "sql", folder / "sql" / "letters")
    infra = (LETTERS / "letters.yaml").read_text().replace("QUEUE", queue)
    (folder / "infra" / "systems" / "letters.yaml").write_text(infra)
    _list(folder)
    _share_layers(folder)
    return checkout


def _list(folder: Path) -> None:
    """Add letters to the list of systems and give it a stage."""
    systems = folder / "functions" / "systems.py"
    listed, count = LISTED.subn(r'\1, "letters")', systems.read_text())
    assert count == 1
    systems.write_text(listed)
    settings = json.loads((folder / "chalice.json").read_text())
    settings["stages"]["letters-dev"] = {"environment_variables": {"SYSTEM": "letters"}}
    (folder / "chalice.json").write_text(json.dumps(settings))


def _share_layers(folder: Path) -> None:
    """Making a layer takes long; the zips' names tell what is in them."""
    own = Checkout().root / ".chalice" / "deployments"
    own.mkdir(parents=True, exist_ok=True)
    (folder / ".chalice" / "deployments").symlink_to(own)
    for name in ("layers", "wheels"):
        shared = Checkout(folder).folder("deploy") / name
        shared.symlink_to(Checkout().folder("deploy", name))

"""The browser's modules become one that needs nothing else."""

from __future__ import annotations

import gzip
import re

from chalicelib.appevents.browser.joined_modules import OFFLINE_QUEUE, join
from chalicelib.appevents.events.catalogue import CLIENT, TYPES
from tests.architecture.tree import ROOT

FOLDER = ROOT / "browser" / "appevents" / "offline_queue"


def test_module_imports_nothing() -> None:
    assert not re.search(r"\bimport\b\s*[\{\(\"']", join(OFFLINE_QUEUE))


def test_module_exports_the_queue_alone() -> None:
    found = re.findall(r"^export .*?(\w+)\(", join(OFFLINE_QUEUE), re.MULTILINE)

    assert found == ["createOfflineQueue"]
    assert join(OFFLINE_QUEUE).count("\nexport ") == 1


def test_module_is_small() -> None:
    assert len(gzip.compress(join(OFFLINE_QUEUE).encode(), 6)) <= 10_240


def test_every_module_is_joined() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(OFFLINE_QUEUE)


def test_modules_stand_after_what_they_import() -> None:
    for place, name in enumerate(OFFLINE_QUEUE):
        text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")

        assert set(re.findall(r'from "\./(\w+)\.js"', text)) <= set(OFFLINE_QUEUE[:place])


def test_what_is_secret_is_never_stored() -> None:
    (listed,) = re.findall(r"NEVER_STORED = new Set\(\[(.*?)\]\)", join(OFFLINE_QUEUE))

    secret = {name for name, each in TYPES.items() if each.told_by == CLIENT and each.secrets}
    assert set(re.findall(r'"([^"]+)"', listed)) == secret


def test_modules_name_nothing_twice() -> None:
    declared = r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)"
    names = re.findall(declared, join(OFFLINE_QUEUE), re.MULTILINE)

    assert len(names) > 20
    assert len(names) == len(set(names))

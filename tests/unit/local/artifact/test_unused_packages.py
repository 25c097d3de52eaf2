"""A system's layer holds a heavy package only if the system imports the module that needs it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.artifact.package.repack import INIT, SITE_PACKAGES, finish
from local.artifact.package.unused_packages import (
    BY_SYSTEMS,
    NEEDED_FOR,
    NOBODYS,
    SEALING,
    TOKENS,
    unused_packages,
)
from local.machine.checkout import ROOT
from tests.architecture.tree import LAYER, imports_from, modules, tree_of


def sources(root: Path, **code: str) -> Path:
    """The functions of systems with these sources."""
    for system, text in code.items():
        folder = root / "functions" / system
        folder.mkdir(parents=True)
        (folder / "system.py").write_text("")
        (folder / "wiring.py").write_text(text)
    return root


OF_SEALING = {name for name, modules in NEEDED_FOR.items() if modules > SEALING}
OF_TOKENS = {name for name, modules in NEEDED_FOR.items() if modules == TOKENS}


def needless(system: str) -> set[str]:
    """What a system does without, beside what all do."""
    found = set(unused_packages(ROOT, system))
    assert found >= set(NOBODYS)
    return found - set(NOBODYS)


@pytest.mark.parametrize(
    "code",
    [
        "from fintegrate.access.sealing import Sealing",
        "from fintegrate.access import resealing",
        "import fintegrate.access.sealing",
        "def later():\n    from fintegrate.access.sealing import Sealing",
    ],
)
def test_importing_system_keeps_the_package(tmp_path: Path, code: str) -> None:
    root = sources(tmp_path, letters=code, banking="from fintegrate.access import keys")

    assert not OF_SEALING & {*unused_packages(root, "letters")}
    assert "cryptography" in unused_packages(root, "banking")


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("from fintegrate.outgoing.client import Client", "h11"),
        ("from fintegrate.access.by_token import ByToken", "jwt"),
        ("def later():\n    import phonenumbers", "phonenumbers"),
        ("def later():\n    import phonenumbers", "phonenumberslite"),
    ],
)
def test_system_keeps_only_its_own(tmp_path: Path, code: str, package: str) -> None:
    root = sources(tmp_path, letters=code, banking="from fintegrate.access import keys")

    assert package not in unused_packages(root, "letters")
    assert package in unused_packages(root, "banking")
    assert ("cryptography" in unused_packages(root, "letters")) == (package != "jwt")


def test_relay_needs_all_but_tokens() -> None:
    assert needless("relay") == OF_TOKENS == {"jwt", "pyjwt"}


def test_app_needs_no_telephone_numbers() -> None:
    assert needless("appevents") == {"phonenumbers", "phonenumberslite"}


def test_banking_needs_the_way_out_alone() -> None:
    """For webhooks and its object store. The secrets of webhooks are derived, not sealed."""
    assert needless("banking") == set(NEEDED_FOR) - {"h11"}


@pytest.mark.parametrize("part", NOBODYS)
def test_nobodys_part_is_imported_nowhere(part: str) -> None:
    """Neither by us, nor by what we import of its package."""
    module = part.replace("/", ".")
    script = (
        "import sys, aws_lambda_powertools.logging.formatter, aws_lambda_powertools.metrics\n"
        f"assert not [name for name in sys.modules if name.startswith('{module}')]"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
    ours = [*modules(LAYER), *modules(ROOT / "functions")]
    assert not [name for file in ours for name in imports_from(tree_of(file)) if module in name]


def test_no_other_module_needs_them() -> None:
    """Whatever in the layer imports a package, or a module that needs it, is listed with it."""
    listed = set().union(*NEEDED_FOR.values()) - BY_SYSTEMS
    needing = {
        ".".join(("fintegrate", *file.relative_to(LAYER).with_suffix("").parts))
        for file in modules(LAYER)
        for name in imports_from(tree_of(file))
        if name.split(".")[0] in NEEDED_FOR or {name, name.rpartition(".")[0]} & listed
    }

    assert needing == listed


def test_layer_lacks_unused_packages(tmp_path: Path) -> None:
    bundle, layer = tmp_path / "bundle.zip", tmp_path / "layer.zip"
    names = [
        "heavy/a.py",
        "heavy-1.0.dist-info/METADATA",
        "_heavy.so",
        "heavyweight/b.py",
        "light.py",
    ]
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr(INIT, "")
    with zipfile.ZipFile(layer, "w") as packed:
        for name in names:
            packed.writestr(f"{SITE_PACKAGES}/{name}", "")

    finish(bundle, layer, tmp_path / "store", unused=("heavy", "_heavy"))

    with zipfile.ZipFile(layer) as packed:
        kept = {name.removeprefix(f"{SITE_PACKAGES}/") for name in packed.namelist()}
    assert {name for name in kept if name.endswith((".py", ".so", "METADATA"))} == {
        "heavyweight/b.py",
        "light.py",
    }

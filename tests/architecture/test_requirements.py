"""Every package is pinned with its hashes, also those that another one brings."""

from __future__ import annotations

import re

import pytest

from tests.architecture.tree import ROOT

PINNED = re.compile(r"([\w.\[\]-]+)==([\w.]+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def pins(name: str) -> dict[str, str]:
    """A list's packages and their versions."""
    lines = (ROOT / name).read_text().splitlines()
    said = [line.partition("#")[0].partition(";")[0].strip() for line in lines]
    pairs = [line.removesuffix("\\").strip().split("==") for line in said if "==" in line]
    return {re.sub(r"[-_.]+", "-", re.sub(r"\[.*", "", n)).lower(): v for n, v in pairs}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_has_hashes(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]

    assert [line for line in lines if not (PINNED.fullmatch(line) or HASH.fullmatch(line))] == []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if PINNED.fullmatch(line):
            assert HASH.fullmatch(following), line


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_wanted_is_pinned(name: str) -> None:
    wanted = pins(f"{name}.in")

    assert wanted
    assert wanted.items() <= pins(f"{name}.txt").items(), "run `make requirements`"


def test_harness_has_the_layers_packages() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()

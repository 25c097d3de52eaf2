"""What lies under `.local/` is for its user: others pass through and see no name."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.machine.checkout import PRIVATE, Checkout


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_private_folder_is_its_users(tmp_path: Path, name: str) -> None:
    assert mode(Checkout(tmp_path).folder(name, "inside").parent) == 0o700


def test_older_wide_folder_becomes_private(tmp_path: Path) -> None:
    old = tmp_path / ".local" / "log"
    old.mkdir(parents=True, mode=0o755)

    Checkout(tmp_path).folder("log")

    assert mode(old) == 0o700


def test_state_can_be_passed_only(tmp_path: Path) -> None:
    """PostgreSQL's user goes through it to its own folder."""
    assert mode(Checkout(tmp_path).state) == 0o711


def test_checkout_inside_has_its_own(tmp_path: Path) -> None:
    inside = Checkout(tmp_path).within("chaos")

    assert mode(inside.folder("log")) == 0o700
    assert inside.root == tmp_path / ".local" / "chaos"

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from local.machine.checkout import Checkout
from local.machine.credentials import password, write_private


def test_password_is_made_once(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)

    assert password(checkout, "redis") == password(checkout, "redis")
    assert password(checkout, "redis") != password(checkout, "rabbitmq")
    assert password(checkout, "redis") != password(Checkout(tmp_path / "other"), "redis")


def test_password_needs_no_quoting_in_urls(tmp_path: Path) -> None:
    secret = password(Checkout(tmp_path), "redis")

    assert quote(secret, safe="") == secret
    assert len(secret) >= 32


def test_simultaneous_first_uses_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: password(Checkout(tmp_path), "redis"), range(32)))

    assert len(made) == 1


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("public")
    path.chmod(0o644)

    write_private(path, "private")

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "private"
    assert list(tmp_path.iterdir()) == [path]

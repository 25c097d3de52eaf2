from __future__ import annotations

from pathlib import Path

from local.machine.checkout import Checkout
from local.services.lease import Lease


def test_last_user_stops_temporary_servers(tmp_path: Path) -> None:
    first, second = Lease(Checkout(tmp_path)), Lease(Checkout(tmp_path))
    first.started()

    assert first.leave() is False
    assert second.leave() is True


def test_earlier_servers_are_not_stopped(tmp_path: Path) -> None:
    assert Lease(Checkout(tmp_path)).leave() is False


def test_kept_servers_are_not_stopped(tmp_path: Path) -> None:
    lease, keeper = Lease(Checkout(tmp_path)), Lease(Checkout(tmp_path))
    lease.started()
    keeper.keep()

    assert keeper.leave() is False
    assert lease.leave() is False


def test_leaving_twice_is_harmless(tmp_path: Path) -> None:
    lease = Lease(Checkout(tmp_path))
    lease.started()

    assert lease.leave() is True
    assert lease.leave() is False

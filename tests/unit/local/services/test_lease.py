from __future__ import annotations

from local.machine.checkout import Checkout
from local.services.lease import Lease


def test_last_user_of_temporary_servers_stops_them(tmp_path):
    first, second = Lease(Checkout(tmp_path)), Lease(Checkout(tmp_path))
    first.started()

    assert first.leave() is False
    assert second.leave() is True


def test_nobody_stops_servers_that_ran_before(tmp_path):
    assert Lease(Checkout(tmp_path)).leave() is False


def test_nobody_stops_servers_that_are_kept(tmp_path):
    lease, keeper = Lease(Checkout(tmp_path)), Lease(Checkout(tmp_path))
    lease.started()
    keeper.keep()

    assert keeper.leave() is False
    assert lease.leave() is False


def test_leaving_twice_is_harmless(tmp_path):
    lease = Lease(Checkout(tmp_path))
    lease.started()

    assert lease.leave() is True
    assert lease.leave() is False

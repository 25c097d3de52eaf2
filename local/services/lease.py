"""The processes that use the running servers: the last one to leave stops them.

Every user holds a shared lock on one file. The system drops the lock of a killed process.
"""

from __future__ import annotations

import fcntl
import os

from local.machine.checkout import Checkout


class Lease:
    """One process's use of the checkout's servers."""

    def __init__(self, checkout: Checkout) -> None:
        self._temporary = checkout.folder("run") / "temporary"
        path = checkout.folder("run") / "lease"
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def keep(self) -> None:
        """The servers stay up when all users have left, until they are stopped by command."""
        self._temporary.unlink(missing_ok=True)

    def started(self) -> None:
        """The servers were started for the present users only."""
        self._temporary.touch()

    def leave(self) -> bool:
        """Give the lease up; says whether the caller was the last and must stop the servers.

        Call it under the start lock, so that no process becomes a user while it answers yes.
        """
        if self._descriptor is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            last = self._temporary.exists()
        except BlockingIOError:
            last = False
        os.close(self._descriptor)
        self._descriptor = None
        return last

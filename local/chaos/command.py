"""The command `make chaos`: its servers, its seeds and its exit status, for any system's runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence

from rich.console import Console

from local.machine.checkout import Checkout
from local.services.choice import remove_all
from local.services.running import RunningServices, ensure_services

Play = Callable[[Console, RunningServices, Checkout, range], bool]
"""Plays a system's kill points and seeds and shows them; says whether every promise held."""
ROUND = 3
"""A new seed can be divided by this: some systems do something special with each third one."""


def run(seed: int | None, seeds: int, plays: Sequence[Play]) -> int:
    """Play one system after the other; 0 when no promise was broken.

    The command starts its own servers and removes them afterwards.
    """
    console = Console(highlight=False)
    own = Checkout().within("chaos")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop everything, as Ctrl-C does
    first = seed if seed is not None else int(time.time()) % 1_000_000 // ROUND * ROUND
    try:
        with console.status("Starting servers of its own"), ensure_services(own) as services:
            held = [play(console, services, own, range(first, first + seeds)) for play in plays]
    finally:
        remove_all(own)
    return 0 if all(held) else 1

"""A process that delivers and takes in rows every second instead of every minute."""

from __future__ import annotations

import logging

from local.chaos.schedules import run_until_input_closes, scheduler_of
from local.relay.chaos.haste import prepare
from local.serving.source_functions import SourceFunctions, load_app

RATES = {"relay_deliver": 1.0, "relay_intake": 1.0}
"""Seconds between two runs of each function."""


def main() -> None:
    """Run until standard input closes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    prepare()
    run_until_input_closes(scheduler_of(RATES, SourceFunctions(load_app()).call))


if __name__ == "__main__":
    main()

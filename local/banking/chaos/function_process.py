"""A function process of a chaos run: what `local.serving.program` serves, under worse conditions.

`--clock-ahead` moves this process's clocks, except the monotonic one. `--heartbeat` shortens the
broker's heartbeat from a minute, so that a freeze can outlast it within a run. The functions themselves
are unchanged.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta

import time_machine

from local.banking.chaos import haste, sabotage
from local.serving import program as serve


def prepare(clock_ahead_seconds: float, heartbeat_seconds: int) -> None:
    """Set this process's clocks and the heartbeat that it requests from the broker, and hurry it."""
    sabotage.commit(os.environ)
    haste.shorten(heartbeat_seconds)
    if clock_ahead_seconds:
        moment = datetime.now(UTC) + timedelta(seconds=clock_ahead_seconds)
        time_machine.travel(moment, tick=True).start()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of every function process of a run."""
    parser.add_argument("--clock-ahead", type=float, default=0.0, help="seconds")
    parser.add_argument("--heartbeat", type=int, default=60, help="seconds")


def main(argv: list[str]) -> None:
    """Serve until told to stop. Unknown options go to `local.serving.program`."""
    parser = argparse.ArgumentParser("local.banking.chaos.function_process", description=__doc__)
    add_arguments(parser)
    arguments, others = parser.parse_known_args(argv)
    prepare(arguments.clock_ahead, arguments.heartbeat)
    serve.main(others)


if __name__ == "__main__":
    main(sys.argv[1:])

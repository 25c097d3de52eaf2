"""A process that runs the schedules every second or two instead of every minute or hour."""

from __future__ import annotations

import logging

from local.appevents.chaos.haste import prepare
from local.chaos.schedules import run_until_input_closes, scheduler_of
from local.serving.source_functions import SourceFunctions, load_app

RATES = {
    "app_resend": 1.0,
    "app_sweep_dead_letters": 1.5,
    "app_remind": 2.0,
    "app_video_upkeep": 2.0,
    "app_purge": 5.0,
}
"""Seconds between two runs of each function."""


def main() -> None:
    """Run until standard input closes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    prepare()
    run_until_input_closes(scheduler_of(RATES, SourceFunctions(load_app()).call))


if __name__ == "__main__":
    main()

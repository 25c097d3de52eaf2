"""A process that runs the scheduled functions every few seconds instead of minutes.

It also observes the queues, without which nothing is redelivered.
Several of these processes are schedules that overlap. It ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys

from local.banking.chaos.function_process import add_arguments, prepare
from local.banking.queue_figures import observe
from local.chaos.schedules import run_until_input_closes, scheduler_of
from local.schedules.scheduler import Scheduler
from local.serving.source_functions import SourceFunctions, load_app

RATES = {
    "resend": 1.0,
    "deliver_webhooks": 1.0,
    "redeliver": 2.0,
    "rewind": 1.0,
    "sweep_dead_letters": 2.0,
    "watch_restore": 2.0,
    "observe_broker": 10.0,
    "onboard": 10.0,
    "expire_api_keys": 10.0,
}
"""Seconds between two runs of each function."""
OBSERVATION, OBSERVATION_SECONDS = "observe the queues", 2.0


def observer() -> Scheduler:
    """Keeps the broker's figures of the queues."""

    def call(_name: str, _event: dict[str, object]) -> None:
        observe(os.environ["DATABASE_URL"], os.environ["RABBITMQ_MANAGEMENT_URL"])

    return scheduler_of({OBSERVATION: OBSERVATION_SECONDS}, call)


def main(argv: list[str]) -> None:
    """Run until standard input closes."""
    parser = argparse.ArgumentParser("local.banking.chaos.schedule_process", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    prepare(arguments.clock_ahead, arguments.heartbeat)
    functions = scheduler_of(RATES, SourceFunctions(load_app()).call)
    run_until_input_closes(functions, observer())


if __name__ == "__main__":
    main(sys.argv[1:])

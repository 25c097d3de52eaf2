"""A bank of a chaos run that is called: its server answers mostly well, and else in every bad way.

It is slow, answers 500 and 429, resets the connection before its work or after it, hangs longer than
anybody waits, and says of some events that it failed to process them. What it does follows from the
seed, the event and the number of the try. A kill of this process loses nothing that it has noted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random

from local.banking.chaos import sabotage
from local.banking.chaos.receiver import WELL, CalledBank, Conduct, Receiver
from local.banking.chaos.tenants import Tenant, in_folder
from local.banking.client import Tenant as AnyTenant
from local.banking.consumer.messages import Event

SIGNING = "CHAOS_WEBHOOK_SIGNING"
"""The variable with the secret that signs."""
HANG_SECONDS = 12.0
"""Longer than the bank's `timeout_seconds`."""
FAILS = 0.02
"""The share of events that the bank fails to process, at every try."""
BAD: tuple[tuple[float, Conduct], ...] = (
    (0.05, Conduct(wait=0.5)),
    (0.04, Conduct(status=500, works=False)),
    (0.02, Conduct(status=429, works=False, retry_after=1)),
    (0.03, Conduct(status=None, works=False)),
    (0.03, Conduct(status=None)),
    (0.002, Conduct(status=None, works=False, wait=HANG_SECONDS)),
)
"""The share of calls that are dealt with so."""


def conduct_of(seed: str, event: Event, times: int) -> Conduct:
    """How the bank deals with this try of an event."""
    if Random(f"{seed} {event.event_id}").random() < FAILS:  # noqa: S311  # repeatable
        return Conduct(says="failed")
    drawn = Random(f"{seed} {event.event_id} {times}").random()  # noqa: S311  # repeatable
    for share, conduct in BAD:
        if drawn < share:
            return conduct
        drawn -= share
    return WELL


async def serve(tenant: Tenant, port: int, seed: str) -> None:
    """Serve until standard input closes or SIGTERM comes."""
    receiver, ended = Receiver(), asyncio.Event()
    receiver.banks[tenant.name] = CalledBank(
        tenant, [os.environ[SIGNING]], lambda event, times: conduct_of(seed, event, times)
    )
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(sys.stdin.fileno(), ended.set)
    server = await receiver.open(port)
    await ended.wait()
    server.close()
    receiver.end_connections()


def main(argv: list[str]) -> None:
    """Be the bank of this name."""
    parser = argparse.ArgumentParser("local.banking.chaos.receiver_process", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--folder", type=Path, required=True, help="of its store and record")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", required=True)
    arguments = parser.parse_args(argv)
    sabotage.commit(os.environ)
    tenant = in_folder(AnyTenant(arguments.name, "", ""), arguments.folder)
    asyncio.run(serve(tenant, arguments.port, arguments.seed))


if __name__ == "__main__":
    main(sys.argv[1:])

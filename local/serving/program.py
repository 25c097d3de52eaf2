"""The server process of the source tree: gateway, functions, schedules and queues in one.

`python -m local.serving.program` takes its settings from the environment. It inherits its listening
socket from its parent, so that no other process can take the port in between.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.types import ASGIApp

from chalicelib import systems
from local.gateway.address_limit import AddressLimit
from local.gateway.gateway import Gateway
from local.gateway.http_protocol import EnvelopeProtocol, RefusedFor
from local.gateway.routes import RouteTable, routes_of
from local.machine.log_file import keep_bounded
from local.schedules.schedule_expression import every
from local.schedules.scheduler import ScheduledFunction, Scheduler, scheduled_functions
from local.services.databases import system_databases
from local.serving.queue_functions import SourceQueues
from local.serving.source_functions import (
    API_FUNCTION,
    SourceFunctions,
    chalice_configuration,
    load_app,
)

if TYPE_CHECKING:
    from chalice.app import Chalice

SHUTDOWN_SECONDS = 10


class ReadyServer(uvicorn.Server):
    """Writes to a pipe when it accepts requests. A signal ends serving, not the program."""

    def __init__(self, config: uvicorn.Config, ready: int | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as the base class does, then write one byte."""
        await super().startup(sockets)
        if self._ready is not None:
            os.write(self._ready, b"1")
            os.close(self._ready)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop serving. The base class would raise the signal again, which ends the process."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def configuration(gateway: ASGIApp, refused_for: RefusedFor) -> uvicorn.Config:
    """Serve the gateway with uvicorn, without uvicorn's own headers and answers.

    Args:
        refused_for: counts what is no request and so never reaches the gateway
    """
    protocol: Any = partial(EnvelopeProtocol, refused_for=refused_for)
    return uvicorn.Config(
        gateway,
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def end_with_parent(server: uvicorn.Server) -> None:
    """Stop when standard input closes, because then the parent has ended.

    It reads the file descriptor directly. A thread that waits in Python's buffered reader holds the
    reader's lock, and the interpreter aborts over that lock at its exit.
    """

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        server.should_exit = True

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("local.serving.program", description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="a listening socket's number")
    parser.add_argument("--ready", type=int, help="a pipe's number, written when serving")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin closes")
    parser.add_argument(
        "--log", type=Path, help="the log that this process writes and keeps bounded"
    )
    return parser.parse_args(argv)


def _scheduled(app: Chalice, choice: str) -> Sequence[ScheduledFunction]:
    """What runs on a schedule: all at its rate, nothing (`off`), or all each so many seconds (`1`)."""
    if choice == "off":
        return []
    found = scheduled_functions(app)
    if not choice:
        return found
    return [ScheduledFunction(each.name, every(float(choice))) for each in found]


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or on request until the parent ends."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for database in system_databases():  # the functions are the application; others migrate
        for name in (database.owner_setting, database.master_setting):
            os.environ.pop(name, None)
    app = load_app()
    functions = SourceFunctions(app)
    limit = AddressLimit(int(os.environ.get("RATE_LIMIT_IP_PER_MINUTE", "100")))
    for system in systems.served():
        systems.origins_of(system)  # a wrong setting is said now, not by an answer
    gateway = Gateway(
        RouteTable(routes_of(app, API_FUNCTION)),
        functions.invoke,
        limit,
        compressed_from=chalice_configuration().get("minimum_compression_size"),
        origins=systems.origins,
    )
    server = ReadyServer(configuration(gateway, limit.refused_for), arguments.ready)
    if arguments.with_parent:
        end_with_parent(server)
    if arguments.log:
        keep_bounded(arguments.log)
    scheduler = Scheduler(_scheduled(app, os.environ.get("SCHEDULER", "")), functions.call)
    brokers = {} if os.environ.get("QUEUES") == "off" else os.environ
    queues = SourceQueues(app, os.environ.get("RABBITMQ_URL", ""), brokers, functions.call)
    scheduler.start()
    queues.start()
    try:
        server.run(sockets=[socket.socket(fileno=arguments.socket)])
    finally:
        scheduler.stop()
        queues.stop()
        functions.close()


if __name__ == "__main__":
    main()

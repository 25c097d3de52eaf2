"""The server process: `python -m local.relay.platforms.program`, started by the harness.

It inherits its listening socket, so that no other process can take the port in between.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local.machine.log_file import keep_bounded
from local.relay.platforms.connection import Connection
from local.relay.platforms.site import Site


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("local.relay.platforms.program", description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="a listening socket's number")
    parser.add_argument("--ready", type=int, help="a pipe's number, written when serving")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin closes")
    parser.add_argument("--log", type=Path, help="the log to keep bounded")
    return parser.parse_args(argv)


async def _serve(arguments: argparse.Namespace) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    site = Site()
    listener = socket.socket(fileno=arguments.socket)
    server = await loop.create_server(lambda: Connection(site), sock=listener)
    if arguments.with_parent:
        _end_with_parent(loop, stop)
    if arguments.ready is not None:
        os.write(arguments.ready, b"1")
        os.close(arguments.ready)
    await stop.wait()
    server.close()


def _end_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input closes. It is read without Python's buffer, whose lock blocks an exit."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or on request until the parent ends."""
    arguments = _arguments(argv)
    if arguments.log:
        keep_bounded(arguments.log)
    asyncio.run(_serve(arguments))


if __name__ == "__main__":
    main()

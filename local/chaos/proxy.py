"""A TCP proxy in front of a server, which can misbehave: cut, stall, half-open, slow.

Each proxy has its own thread with an event loop. Its methods may be called from any thread. It works
on connections, not on packets, so it cannot show what a kernel does when packets are lost
(retransmission, TCP_USER_TIMEOUT, keepalives).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.machine.ports import LOOPBACK

CHUNK = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Connection:
    """One connection through the proxy: both ends, and whether one of them has vanished."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    vanished: bool = False

    def reset(self) -> None:
        """End both sides at once with a reset instead of an orderly close."""
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()


class TcpProxy:
    """Listens on its own port and passes everything to `target`, which is asked for each connection.

    Attributes:
        port: its port on loopback
    """

    def __init__(self, target: Callable[[], int]) -> None:
        self._target = target
        self._connections: set[_Connection] = set()
        self._delay_seconds = 0.0
        self._vanishing = False
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._do(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def through(self, url: str) -> str:
        """The same address, but through this proxy."""
        parts = urlsplit(url)
        credentials, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{credentials}{at}{LOOPBACK}:{self.port}").geturl()

    def cut(self) -> None:
        """Reset every connection. New ones are accepted."""
        self._do(self._reset(lambda _connection: True))

    def stall(self) -> None:
        """Pass nothing on, but lose nothing: the data arrives after `heal`."""
        self._do(self._set(flowing=False))

    def half_open(self) -> None:
        """Let the far ends vanish silently: sent data is lost and new connections hang."""
        self._do(self._set(vanishing=True))

    def slow(self, delay_seconds: float) -> None:
        """Delay every piece of data, in both directions, by this long."""
        self._do(self._set(delay_seconds=delay_seconds))

    def heal(self) -> None:
        """Pass everything on again. Connections whose far end vanished are reset."""
        self._do(self._set())
        self._do(self._reset(lambda connection: connection.vanished))

    def close(self) -> None:
        """Stop listening and reset what is open."""
        self._do(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> asyncio.Server:
        self._flowing.set()
        return await asyncio.start_server(self._accept, LOOPBACK, 0, limit=CHUNK)

    async def _set(
        self, *, flowing: bool = True, vanishing: bool = False, delay_seconds: float = 0.0
    ) -> None:
        self._vanishing = vanishing
        self._delay_seconds = delay_seconds
        if vanishing:
            for connection in self._connections:
                connection.vanished = True
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _reset(self, chosen: Callable[[_Connection], bool]) -> None:
        for connection in [connection for connection in self._connections if chosen(connection)]:
            connection.reset()
            self._connections.discard(connection)

    async def _shut(self) -> None:
        self._server.close()
        await self._reset(lambda _connection: True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = _Connection([writer], vanished=self._vanishing)
        self._connections.add(connection)
        try:
            await self._serve(connection, reader, writer)
        except (OSError, asyncio.CancelledError):
            connection.reset()
        finally:
            for each in connection.writers:
                each.close()
            self._tasks.discard(task)
            self._connections.discard(connection)

    async def _serve(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._flowing.wait()
        if connection.vanished:
            await reader.read(-1)  # discard everything until the connection heals
            return
        far_reader, far_writer = await asyncio.open_connection(
            LOOPBACK, self._target(), limit=CHUNK
        )
        connection.writers.append(far_writer)
        for each in connection.writers:
            sock = each.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(
            self._pass_on(connection, reader, far_writer),
            self._pass_on(connection, far_reader, writer),
        )

    async def _pass_on(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Copy one direction until its end. Pass the end on, too, unless the far end has vanished."""
        while data := await reader.read(CHUNK):
            if self._delay_seconds:
                await asyncio.sleep(self._delay_seconds)
            await self._flowing.wait()
            if not connection.vanished:
                writer.write(data)
                await writer.drain()
        await self._flowing.wait()
        while connection.vanished and not writer.is_closing():
            await asyncio.sleep(0.05)
        writer.close()

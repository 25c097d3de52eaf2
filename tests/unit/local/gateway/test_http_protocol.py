"""How an answer goes out: what belongs together in one piece, and nothing lost at the end."""

from __future__ import annotations

import asyncio

from local.gateway.http_protocol import OneWrite


class Transport:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


def test_head_and_body_go_out_together() -> None:
    async def answer_twice() -> list[object]:
        transport = Transport()
        writer = OneWrite(transport, asyncio.get_running_loop())
        for part in (b"head ", b"body"):
            writer.write(part)
        await asyncio.sleep(0)
        writer.write(b"next")
        await asyncio.sleep(0)
        return transport.told

    assert asyncio.run(answer_twice()) == [b"head body", b"next"]


def test_close_sends_what_was_written() -> None:
    async def answer_and_close() -> tuple[list[object], bool]:
        transport = Transport()
        writer = OneWrite(transport, asyncio.get_running_loop())
        writer.write(b"last words")
        writer.close()
        await asyncio.sleep(0)
        return transport.told, writer.is_closing()

    assert asyncio.run(answer_and_close()) == ([b"last words", "closed"], True)

"""Banks that are called: a server that verifies, works, and answers as it is told, well or badly.

Each bank keeps its record of calls (`calls`) and the store of the reference consumer. Its work is that
consumer's: a repeat is recognised, and the work commits before the answer. One thread serves all.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook

from local.banking.chaos.bank_process import WitnessedInbox
from local.banking.chaos.calls import Call, Moment, call_of, write
from local.banking.chaos.tenants import Tenant
from local.banking.consumer.inbox import Inbox, Verdict
from local.banking.consumer.messages import Event, MalformedMessage, parse_event
from local.machine.ports import LOOPBACK

PATH = "/events/"
TOLERANCE_SECONDS = 900
"""Standard Webhooks has five minutes. The clocks of a run's processes are ten minutes apart."""
TEST_TYPE = "webhook_test"


class Conduct(NamedTuple):
    """How a call is dealt with.

    Attributes:
        status: None: the connection is reset without an answer
        says: what became of the event, for the answer's body
        wait: seconds before all else
        works: whether the work is done
        retry_after: seconds that the bank asks to be left alone
    """

    status: int | None = 200
    says: str = "processed"
    wait: float = 0.0
    works: bool = True
    retry_after: int | None = None


WELL = Conduct()
SILENT = Conduct(says="")
"""It has the event, and will say later what became of it."""
Conducting = Callable[[Event, int], Conduct]
"""How a bank deals with an event that it got so many times before."""


@dataclass
class CalledBank:
    """A bank's side. Any secret of `secrets` signs."""

    tenant: Tenant
    secrets: list[str]
    conduct: Conducting = lambda _event, _times: WELL
    tests: int = 0
    _inbox: Inbox | None = None
    _times: Counter[str] = field(default_factory=Counter)

    @property
    def least_times(self) -> int:
        """How often that event came which came most seldom; 0 if there was none."""
        return min(self._times.values(), default=0)

    async def take(self, headers: Mapping[str, str], body: bytes) -> Conduct:
        """Deal with one call: note it, work, and note how it is answered."""
        if not self._is_signed(headers, body):
            return self._refused(headers)
        if json.loads(body)["event_type"] == TEST_TYPE:
            self.tests += 1
            return WELL
        event = _event_of(headers, body)
        if event is None:
            return self._refused(headers)
        conduct = self.conduct(event, self._times[event.event_id])
        self._times[event.event_id] += 1
        self._note(Moment.ARRIVED, event)
        await asyncio.sleep(conduct.wait)
        if conduct.works:
            conduct = self._worked(event, conduct)
        is_taken = conduct.status is not None and conduct.status < 300
        self._note(Moment.TAKEN if is_taken else Moment.UNTAKEN, event)
        return conduct

    def _worked(self, event: Event, conduct: Conduct) -> Conduct:
        self._inbox = self._inbox or WitnessedInbox(self.tenant.store)
        verdict = self._inbox.judge(event)
        if verdict is Verdict.REPEAT:
            self._inbox.count_repeat(event)
        elif conduct.says == "failed" or verdict is Verdict.SUPERSEDED:
            self._inbox.record_failure(event, "refused on demand")
            return conduct._replace(says="failed")
        else:
            self._inbox.apply(event)
        return conduct

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        number, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
            return False
        moment, given = (
            datetime.fromtimestamp(int(stamp), UTC),
            headers.get("webhook-signature", ""),
        )
        expected = [Webhook(secret).sign(number, moment, body.decode()) for secret in self.secrets]
        return any(
            hmac.compare_digest(one, other) for one in expected for other in given.split(" ")
        )

    def _refused(self, headers: Mapping[str, str]) -> Conduct:
        number = headers.get("webhook-id", "")
        write(self.tenant.calls, Call(Moment.FORGED, self.tenant.name, number, at=time.time()))
        return Conduct(status=401)

    def _note(self, moment: Moment, event: Event) -> None:
        write(self.tenant.calls, call_of(moment, self.tenant.name, event, time.time()))


class Receiver:
    """Serves the banks of `banks`, each at an address with its name."""

    def __init__(self) -> None:
        self.banks: dict[str, CalledBank] = {}
        self.port = 0
        self._tasks = set[asyncio.Task[None]]()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def url_of(self, name: str) -> str:
        return f"http://{self.address}{PATH}{name}"

    async def open(self, port: int = 0) -> asyncio.Server:
        """Listen, on any port or on this one."""
        server = await asyncio.start_server(self._accept, LOOPBACK, port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def end_connections(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answered(reader, writer):
                pass
        self._tasks.discard(task)
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection lives on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        bank = self.banks.get(head[0].split(" ")[1].removeprefix(PATH))
        conduct = Conduct(status=404) if bank is None else await bank.take(headers, body)
        if conduct.status is None:
            writer.transport.abort()
            return False
        writer.write(_answer(conduct))
        await writer.drain()
        return True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver in a thread of its own, for the time of the block."""
    receiver = Receiver()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(receiver.open())
    thread = threading.Thread(target=loop.run_forever, name="called banks", daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        asyncio.run_coroutine_threadsafe(_shut(receiver, server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _shut(receiver: Receiver, server: asyncio.Server) -> None:
    server.close()
    receiver.end_connections()
    await asyncio.sleep(0)  # what was cancelled ends


def _event_of(headers: Mapping[str, str], body: bytes) -> Event | None:
    """The event, if the message can be read and has the id of the call."""
    try:
        event = parse_event(body, headers, headers.get("content-type"))
    except MalformedMessage:
        return None
    return event if event.event_id == headers["webhook-id"] else None


def _answer(conduct: Conduct) -> bytes:
    said: dict[str, Any] = {"status": conduct.says} if conduct.says else {}
    if conduct.says == "failed":
        said["failure_reason"] = "refused on demand"
    body = json.dumps(said).encode()
    lines = [f"HTTP/1.1 {conduct.status} Answered", f"Content-Length: {len(body)}"]
    if conduct.retry_after is not None:
        lines.append(f"Retry-After: {conduct.retry_after}")
    return "\r\n".join([*lines, "", ""]).encode() + body

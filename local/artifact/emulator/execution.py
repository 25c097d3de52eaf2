"""One execution environment: a runtime in its sandbox, and the Runtime API that drives it.

It runs one invocation at a time. Others decide whether the sandbox is a process or a container, and
how many environments there are.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Protocol

from local.artifact.emulator.function_log import FunctionLog
from local.artifact.emulator.invocation import (
    Invocation,
    Outcome,
    exited,
    failure,
    response_too_large,
    timed_out,
)
from local.artifact.emulator.runtime_api import RuntimeConnection
from local.artifact.package.template import FunctionSpec
from local.aws_shapes.quotas import PAYLOAD_LIMIT
from local.machine.ports import LOOPBACK

INIT_SECONDS = 10.0  # "Understanding the Lambda execution environment lifecycle": the init phase


class Sandbox(Protocol):
    """The place where a runtime runs."""

    async def start(self, runtime_api_port: int) -> None:
        """Start the runtime and tell it the address of its Runtime API."""

    async def wait(self) -> str:
        """Wait for the runtime to end. Returns how it ended: `exit status 1` or `signal: killed`."""

    def freeze(self) -> None:
        """Take its processor time away."""

    def thaw(self) -> None: ...

    async def kill(self) -> None:
        """End the runtime at once and remove what it leaves behind."""

    def most_memory_mb(self) -> int:
        """The highest memory use so far."""


class ExecutionEnvironment:
    """A runtime that is started, invoked many times, frozen between invocations and ended.

    Args:
        on_idle: called whenever an invocation is over and the next may come
        on_end: called once when the runtime has ended, for whatever reason
    """

    def __init__(
        self,
        spec: FunctionSpec,
        sandbox: Sandbox,
        log: FunctionLog,
        on_idle: Callable[[ExecutionEnvironment], None],
        on_end: Callable[[ExecutionEnvironment], None],
    ) -> None:
        self.sandbox = sandbox
        self.ended = False
        self._spec = spec
        self._log = log
        self._on_idle = on_idle
        self._on_end = on_end
        self._asking: RuntimeConnection | None = None
        self._invocation: Invocation | None = None
        self._outcome: asyncio.Future[Outcome | None] | None = None
        self._started = asyncio.get_running_loop().create_future()
        self._init_ms: float | None = None
        self._frozen = False
        self._watching: asyncio.Task[None] | None = None

    @property
    def answered(self) -> bool:
        """Whether it has answered its invocation but not yet asked for the next."""
        began = self._outcome is not None
        return began and self._invocation is None and self._asking is None and not self.ended

    async def start(self) -> Outcome | None:
        """Start the runtime and wait until it asks for work. Returns what went wrong, if anything."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: RuntimeConnection(self), LOOPBACK, 0)
        port = self._server.sockets[0].getsockname()[1]
        await self.sandbox.start(port)
        self._watching = asyncio.create_task(self._watch())
        try:
            wrong: Outcome | None = await asyncio.wait_for(self._started, INIT_SECONDS)
        except TimeoutError:
            wrong = failure("Sandbox.Timedout", f"Init timed out after {INIT_SECONDS:.2f} seconds")
        self._init_ms = (time.perf_counter() - started) * 1000
        if wrong is not None:
            await self.end()
        return wrong

    async def _watch(self) -> None:
        """When the runtime ends, fail whatever waits for it."""
        status = await self.sandbox.wait()
        self.ended = True
        if not self._started.done():
            self._started.set_result(exited("unknown", status))
        if self._invocation is not None:
            self._settle(exited(self._invocation.request_id, status))
        self._server.close()
        self._on_end(self)

    async def end(self) -> None:
        """End the runtime. A running invocation fails."""
        await self.sandbox.kill()
        if self._watching is not None:
            await self._watching

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation until its outcome or its timeout."""
        self.thaw()
        self._invocation = invocation
        self._outcome = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self._log.start(invocation.request_id)
        if self._asking is not None:
            self._give(self._asking)
        timer = self._outcome.get_loop().call_later(self._spec.timeout, self._settle, None)
        outcome = await self._outcome
        timer.cancel()
        if outcome is None:
            outcome = timed_out(invocation.request_id, self._spec.timeout)
            self._log.text(f"{invocation.request_id} Task timed out")
            await self.end()
        milliseconds = (time.perf_counter() - started) * 1000
        self._report(invocation, milliseconds)
        return outcome

    def _report(self, invocation: Invocation, milliseconds: float) -> None:
        self._log.report(
            invocation.request_id,
            milliseconds,
            self._spec.memory_mb,
            self.sandbox.most_memory_mb(),
            self._init_ms,
        )
        self._init_ms = None

    def freeze(self) -> None:
        """Freeze the runtime until the next invocation."""
        self._frozen = True
        self.sandbox.freeze()

    def thaw(self) -> None:
        """Let the runtime go on if it is frozen."""
        if self._frozen:
            self._frozen = False
            self.sandbox.thaw()

    def _give(self, connection: RuntimeConnection) -> None:
        assert self._invocation is not None
        deadline = math.floor((time.time() + self._spec.timeout) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": self._invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self._spec.arn,
            "Lambda-Runtime-Trace-Id": self._invocation.trace_id,
        }
        self._asking = None
        connection.answer(200, self._invocation.payload, headers)

    def runtime_asks(self, connection: RuntimeConnection) -> None:
        """The runtime is ready, either for the first time or again after an invocation."""
        self._asking = connection
        if not self._started.done():
            self._started.set_result(None)
        elif self._invocation is None:
            self._on_idle(self)

    def runtime_answers(self, request_id: str, payload: bytes, failed: bool) -> bool:
        """Take the outcome of the running invocation."""
        if self._invocation is None or self._invocation.request_id != request_id:
            return False
        if len(payload) > PAYLOAD_LIMIT:
            self._settle(response_too_large(len(payload)))
        else:
            self._settle(Outcome(payload, "Unhandled" if failed else None))
        return True

    def _settle(self, outcome: Outcome | None) -> None:
        """End the running invocation. `None` means that it timed out."""
        self._invocation = None
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(outcome)

    def runtime_cannot_start(self, payload: bytes) -> None:
        """The function's module raised on import."""
        if not self._started.done():
            self._started.set_result(Outcome(payload, "Unhandled"))

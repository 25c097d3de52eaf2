"""A function and its environments: started on demand up to a limit, kept warm, and reused.

A reserved concurrency throttles, as in Lambda. The limit of this machine does not exist in AWS, so an
invocation that exceeds only that limit waits for a free environment.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from local.artifact.emulator.execution import ExecutionEnvironment, Sandbox
from local.artifact.emulator.function_log import FunctionLog
from local.artifact.emulator.invocation import (
    Invocation,
    Outcome,
    PayloadTooLarge,
    Throttled,
)
from local.artifact.package.template import FunctionSpec
from local.aws_shapes.quotas import PAYLOAD_LIMIT


class LambdaFunction:
    """One deployed function.

    Args:
        make_sandbox: makes the sandbox of a new environment
        machine_limit: how many environments this machine should run at once
        freeze: whether environments are frozen between invocations
    """

    def __init__(
        self,
        spec: FunctionSpec,
        make_sandbox: Callable[[], Sandbox],
        log: FunctionLog,
        machine_limit: int,
        freeze: bool = True,
    ) -> None:
        self.spec = spec
        self.log = log
        self._make_sandbox = make_sandbox
        self._limit = machine_limit
        self._freeze = freeze
        self._environments: set[ExecutionEnvironment] = set()
        self._idle: list[ExecutionEnvironment] = []
        self._waiting: deque[asyncio.Future[ExecutionEnvironment | None]] = deque()
        self._working: set[asyncio.Task[Outcome]] = set()
        self._closing = False

    @property
    def environments(self) -> tuple[ExecutionEnvironment, ...]:
        return tuple(self._environments)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run an invocation in a free environment, in a new one, or in the next that becomes free.

        Raises:
            Throttled: the reserved concurrency is used up
            PayloadTooLarge: the event is over 6 MB
        """
        if len(invocation.payload) > PAYLOAD_LIMIT:
            raise PayloadTooLarge(len(invocation.payload))
        reserved = self.spec.reserved_concurrency
        if reserved is not None and len(self._working) >= reserved:
            raise Throttled("Rate Exceeded.")
        work = asyncio.create_task(self._run(invocation))
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        return await asyncio.shield(work)  # a caller that gives up does not stop the function

    async def _run(self, invocation: Invocation) -> Outcome:
        environment = await self._free_environment()
        if isinstance(environment, Outcome):
            return environment
        return await environment.invoke(invocation)

    async def _free_environment(self) -> ExecutionEnvironment | Outcome:
        if self._idle:
            return self._idle.pop()
        if self._almost_free() > len(self._waiting):
            free = await self._next_free()
            if free is not None:
                return free
        if len(self._environments) >= self._limit:
            free = await self._next_free()
            if free is not None:
                return free
        return await self._new_environment()

    def _almost_free(self) -> int:
        """How many environments have answered and will soon ask for the next event."""
        return sum(environment.answered for environment in self._environments)

    async def _next_free(self) -> ExecutionEnvironment | None:
        """The next environment that becomes free; `None` when one ended and may be replaced."""
        turn: asyncio.Future[ExecutionEnvironment | None] = asyncio.Future()
        self._waiting.append(turn)
        return await turn

    async def _new_environment(self) -> ExecutionEnvironment | Outcome:
        environment = ExecutionEnvironment(
            self.spec, self._make_sandbox(), self.log, self._is_idle, self._has_ended
        )
        self._environments.add(environment)
        wrong = await environment.start()
        return environment if wrong is None else wrong

    def _hand_over(self, environment: ExecutionEnvironment | None) -> bool:
        """Give the first waiting invocation an environment, or the right to start one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(environment)
                return True
        return False

    def _is_idle(self, environment: ExecutionEnvironment) -> None:
        if environment.ended or self._hand_over(environment):
            return
        if self._freeze:
            environment.freeze()
        self._idle.append(environment)

    def _has_ended(self, environment: ExecutionEnvironment) -> None:
        self._environments.discard(environment)
        if environment in self._idle:
            self._idle.remove(environment)
        if not self._closing:
            self._hand_over(None)

    async def close(self) -> None:
        """End all environments. Running invocations fail."""
        self._closing = True
        await asyncio.gather(*(environment.end() for environment in self.environments))
        self.log.close()

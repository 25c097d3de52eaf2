"""The functions of one artifact: finds them by name and invokes them at once or in the background.

`local.artifact.site` connects them to their callers: the gateway, schedules and queues.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from local.artifact.emulator.function import LambdaFunction
from local.artifact.emulator.invocation import Invocation, Outcome, Throttled, UnknownFunction
from local.artifact.package.template import Template

RETRY_SECONDS = (60.0, 120.0)  # "Error handling for asynchronous invocation"
THROTTLED_SECONDS = 1.0
log = logging.getLogger(__name__)


class Deployment:
    """The functions of one template.

    Args:
        retry_seconds: pauses before each retry of a failed background invocation
    """

    def __init__(
        self,
        template: Template,
        make_function: Callable[[str], LambdaFunction],
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self.template = template
        self.functions: Mapping[str, LambdaFunction] = {
            name: make_function(name) for name in template.functions
        }
        self._by_name = {plain(name): f for name, f in self.functions.items()}
        self._by_name |= {plain(f.spec.function_name): f for f in self.functions.values()}
        self._retry_seconds = retry_seconds
        self._background: set[asyncio.Task[Outcome]] = set()

    def function(self, name: str) -> LambdaFunction:
        """The function with this logical or full name. Case, `_` and `-` do not matter.

        Raises:
            UnknownFunction: there is none
        """
        try:
            return self._by_name[plain(name)]
        except KeyError:
            known = ", ".join(sorted(self.functions))
            raise UnknownFunction(f"Function not found: {name}; there are {known}") from None

    def has(self, name: str) -> bool:
        return plain(name) in self._by_name

    async def invoke(self, name: str, payload: bytes) -> Outcome:
        """Run a function and wait for its outcome.

        Raises:
            InvokeError: the function was not run
        """
        return await self.function(name).invoke(Invocation(payload))

    def invoke_later(self, name: str, payload: bytes) -> asyncio.Task[Outcome]:
        """Run a function in the background. A failed run is retried up to twice.

        Raises:
            UnknownFunction: there is none
        """
        task = asyncio.create_task(self._try_often(self.function(name), Invocation(payload)))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _try_often(self, function: LambdaFunction, invocation: Invocation) -> Outcome:
        """Run all tries of an invocation with the same request id, as AWS does."""
        outcome = await self._not_throttled(function, invocation)
        for seconds in self._retry_seconds[: function.spec.retries]:
            if outcome.error is None:
                break
            log.warning(
                "%s failed and is tried again: %s", function.spec.name, outcome.payload[:500]
            )
            await asyncio.sleep(seconds)
            outcome = await self._not_throttled(function, invocation)
        if outcome.error is not None:
            log.error("%s failed for good: %s", function.spec.name, outcome.payload[:500])
        return outcome

    @staticmethod
    async def _not_throttled(function: LambdaFunction, invocation: Invocation) -> Outcome:
        while True:
            try:
                return await function.invoke(invocation)
            except Throttled:
                await asyncio.sleep(THROTTLED_SECONDS)

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*(function.close() for function in self.functions.values()))


def plain(name: str) -> str:
    """A function's name as it is compared."""
    return name.replace("_", "").replace("-", "").lower()

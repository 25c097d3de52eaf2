"""One system in service: its functions, gateway, schedules and queues, opened and closed together."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import orjson

from fintegrate.http.cors import Origins, read_origins
from local.artifact.emulator.deployment import Deployment
from local.artifact.emulator.invocation import InvokeError, PayloadTooLarge, Throttled
from local.artifact.gateway_responses import GatewayResponses
from local.artifact.package.preflights import ORIGINS_SETTING
from local.artifact.package.template import Template
from local.aws_shapes.quotas import PAYLOAD_LIMIT
from local.gateway.access_log import AccessLog
from local.gateway.address_limit import AddressLimit
from local.gateway.gateway import Gateway
from local.gateway.refusals import BodyTooLarge, FunctionFailed, FunctionThrottled
from local.gateway.routes import RouteTable
from local.schedules.schedule_expression import parse
from local.schedules.scheduler import ScheduledFunction, Scheduler
from local.serving.queue_source import QueueSource

log = logging.getLogger(__name__)


STEPS = ("PrepareBroker", "PrepareDatabase", "Migrate")
"""The functions that run before the others, in this order. Not every system has all of them."""


class MigrationFailed(RuntimeError):
    """The packaged migrations failed, so nothing is served. The text is the function's error."""


class Site:
    """Serves a system's requests from `open` until `close`.

    Args:
        broker_url: the broker of the queues that feed functions
        schedules: whether schedules fire
        environment: holds the settings, as the functions get them
    """

    def __init__(
        self,
        deployment: Deployment,
        limit: AddressLimit,
        access_log: AccessLog,
        broker_url: str,
        schedules: bool,
        environment: Mapping[str, str],
    ) -> None:
        self.deployment = deployment
        template = deployment.template
        self._routes = RouteTable(template.routes)
        self.gateway = Gateway(
            self._routes,
            self._answer,
            limit,
            access_log,
            refusal_response=GatewayResponses(template).response,
            compressed_from=template.api.get("MinimumCompressionSize"),
            origins=_origins_of(template, environment),
        )
        self._loop = asyncio.get_running_loop()
        wanted = template.schedules if schedules else ()
        self._scheduler = Scheduler(
            [ScheduledFunction(s.function, parse(s.expression)) for s in wanted], self._fire
        )
        self._queues = [QueueSource(spec, broker_url, self._feed) for spec in template.queues]

    def has_path(self, path: str) -> bool:
        """Whether the API has this path, for any method."""
        return self._routes.match(path) is not None

    async def _answer(self, function: str, event: dict[str, Any]) -> object:
        """Call a function for the gateway. If Lambda refuses, give the answer that AWS would give."""
        try:
            outcome = await self.deployment.invoke(function, orjson.dumps(event))
        except Throttled as error:
            raise FunctionThrottled from error
        except PayloadTooLarge as error:
            raise BodyTooLarge(PAYLOAD_LIMIT) from error
        if outcome.error is not None:
            log.error("%s failed: %s", function, outcome.payload[:2000].decode(errors="replace"))
            raise FunctionFailed
        return orjson.loads(outcome.payload)

    async def open(self) -> None:
        """Run the packaged steps on the database, then start serving.

        Raises:
            MigrationFailed: the schema could not be brought up to date
        """
        for step in (name for name in STEPS if name in self.deployment.functions):
            outcome = await self.deployment.invoke(step, b"{}")
            if outcome.error is not None:
                raise MigrationFailed(outcome.payload.decode(errors="replace"))
        self._scheduler.start()
        for queue in self._queues:
            queue.start()

    def _fire(self, name: str, event: dict[str, Any]) -> object:
        """Run a scheduled function in the schedule's thread. Waits for the run and its retries."""
        future = asyncio.run_coroutine_threadsafe(self._run(name, event), self._loop)
        return future.result()

    async def _run(self, name: str, event: dict[str, Any]) -> None:
        await self.deployment.invoke_later(name, json.dumps(event).encode())

    def _feed(self, name: str, event: bytes) -> Future[bool]:
        """Pass a batch to a function. Called in the queue's thread."""
        return asyncio.run_coroutine_threadsafe(self._succeeds(name, event), self._loop)

    async def _succeeds(self, name: str, event: bytes) -> bool:
        try:
            outcome = await self.deployment.invoke(name, event)
        except InvokeError as error:
            log.warning("%s: %s", name, error)
            return False
        return outcome.error is None

    async def close(self) -> None:
        """Stop schedules and queues, then end the functions."""
        await asyncio.to_thread(self._scheduler.stop, 0)
        await asyncio.gather(*(asyncio.to_thread(queue.stop) for queue in self._queues))
        await self.deployment.close()


def _origins_of(
    template: Template, environment: Mapping[str, str]
) -> Callable[[str], Origins | None]:
    """The origins whose pages may read the answers, by the path; None for a system without the setting.

    Raises:
        SettingsError: the setting cannot be read.
    """
    has_setting = ORIGINS_SETTING in template.settings
    text = environment.get(ORIGINS_SETTING, "")
    origins = read_origins(ORIGINS_SETTING, text) if has_setting else None
    return lambda _path: origins

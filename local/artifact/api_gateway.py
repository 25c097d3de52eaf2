"""What the template says about the API gateway: who is called, and how refusals look.

The gateway itself, its limits and its proxy events are `local.gateway.gateway`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from local.artifact.emulator.deployment import Deployment
from local.artifact.emulator.invocation import PayloadTooLarge, Throttled
from local.aws_shapes.quotas import PAYLOAD_LIMIT
from local.gateway.refusals import BodyTooLarge, FunctionFailed, FunctionThrottled

log = logging.getLogger(__name__)


def invoker(deployment: Deployment) -> Callable[[str, dict[str, Any]], Awaitable[object]]:
    """Calls functions for the gateway, and turns what Lambda refuses into what AWS answers then."""

    async def invoke(function: str, event: dict[str, Any]) -> object:
        payload = orjson.dumps(event)
        try:
            outcome = await deployment.invoke(function, payload)
        except Throttled as error:
            raise FunctionThrottled from error
        except PayloadTooLarge as error:
            raise BodyTooLarge(PAYLOAD_LIMIT) from error
        if outcome.error is not None:
            log.error("%s failed: %s", function, outcome.payload[:2000].decode(errors="replace"))
            raise FunctionFailed
        return orjson.loads(outcome.payload)

    return invoke

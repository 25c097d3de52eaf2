"""Runs the functions from the source tree: calls the Chalice app in a bounded pool of threads.

The process stands for as many warm function environments as it has threads.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from local.aws_shapes.lambda_context import LambdaContext
from local.machine.checkout import ROOT

if TYPE_CHECKING:
    from chalice.app import Chalice

API_FUNCTION = "api_handler"
THREADS = 16
API_TIMEOUT_SECONDS = 30.0
EVENT_TIMEOUT_SECONDS = 900.0  # Lambda's longest


def load_app(module: str | None = None) -> Chalice:
    """The app of the source tree. `LOCAL_APP` names another module, for tests."""
    app: Chalice = importlib.import_module(module or os.environ.get("LOCAL_APP", "app")).app
    return app


def chalice_configuration() -> dict[str, Any]:
    """What `chalice.json` says for all stages."""
    configuration: dict[str, Any] = json.loads((ROOT / "chalice.json").read_text("utf-8"))
    return configuration


class SourceFunctions:
    """All functions of one app: its API, and those that a schedule or a queue runs."""

    def __init__(self, app: Chalice, threads: int = THREADS) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")

    async def invoke(self, name: str, event: dict[str, Any]) -> object:
        """Call a function in a free thread; raises what the function raises.

        If the caller gives up, the thread goes on, as a function does behind Lambda's gateway.
        """
        call = partial(self.call, name, event, API_TIMEOUT_SECONDS)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def call(
        self, name: str, event: dict[str, Any], timeout: float = EVENT_TIMEOUT_SECONDS
    ) -> object:
        return self._function(name)(event, LambdaContext(name, timeout))

    def _function(self, name: str) -> Callable[..., object]:
        function: Callable[..., object] = (
            self._app if name == API_FUNCTION else self._app.handler_map[name]
        )
        return function

    def close(self) -> None:
        """Take no more work. Running calls may finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)

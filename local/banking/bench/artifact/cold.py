"""Measures the cold start: from spawn to the first authenticated answer, each in a new environment.

The first request creates a customer, because that connects to every server, as the floor does.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Mapping

from local.artifact.emulator.aws_runtime import runtime_folder
from local.artifact.emulator.functions import FunctionDeployer
from local.artifact.emulator.lambda_environment import chosen_settings
from local.artifact.emulator.sandboxes import sandbox_maker
from local.artifact.package.make import Artifact
from local.artifact.package.unpacking import unpack
from local.banking.bench.artifact.floors import imports_ms
from local.banking.in_process import json_event
from local.machine.checkout import Checkout

API = "APIHandler"


def cold_starts(
    artifact: Artifact, environment: Mapping[str, str], key: str, rounds: int
) -> dict[str, float]:
    """The medians of our cold start and of the floor, measured in turns."""
    return asyncio.run(_cold_starts(artifact, environment, key, rounds))


async def _cold_starts(
    artifact: Artifact, environment: Mapping[str, str], key: str, rounds: int
) -> dict[str, float]:
    checkout = Checkout()
    deployer = FunctionDeployer(checkout, environment, sandbox_maker("process", checkout), 1)
    deployment = deployer.deploy(artifact.template)
    settings = chosen_settings(deployment.template.settings, environment)
    function = deployment.function(API)
    code = unpack(function.spec, checkout.folder("deploy", "code"))
    runtime = runtime_folder(checkout)
    ours, floor, memory = [], [], []
    for _ in range(rounds):
        started = time.perf_counter()
        outcome = await deployment.invoke(API, _event(key))
        ours.append((time.perf_counter() - started) * 1000)
        if json.loads(outcome.payload)["statusCode"] != 201:
            raise RuntimeError(f"the first answer is {outcome.payload!r}")
        floor.append(await asyncio.to_thread(imports_ms, code, runtime, settings))
        for living in function.environments:
            memory.append(living.sandbox.most_memory_mb())
            await living.end()
    await deployment.close()
    return {
        "cold_start_ms": statistics.median(ours),
        "cold_start_imports_ms": statistics.median(floor),
        "cold_start_vs_imports": statistics.median(ours) / statistics.median(floor),
        "cold_rss_mb": max(memory),
    }


def _event(key: str) -> bytes:
    body = {"name": "John Richard Doe"}
    return json.dumps(json_event(key, "POST", "/customer/data", body)).encode()

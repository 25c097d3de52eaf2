"""Measures the cold start of a packaged function: from spawn to its first answer.

Each is in a new environment. The floor is a program that imports the packages that the answer needs and
connects to its servers. Both are measured in turns, so that other load on the machine slows both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from local.artifact.emulator.aws_runtime import runtime_folder
from local.artifact.emulator.functions import FunctionDeployer
from local.artifact.emulator.lambda_environment import chosen_settings
from local.artifact.emulator.sandboxes import sandbox_maker
from local.artifact.package.make import Artifact
from local.artifact.package.repack import SITE_PACKAGES
from local.artifact.package.unpacking import CodeFolders, unpack
from local.machine.checkout import Checkout


class FirstCall(NamedTuple):
    """The first call of a function."""

    function: str
    """Its logical name."""
    event: Callable[[], bytes]
    """Makes an event; each call gets one of its own."""
    is_done: Callable[[bytes], bool]
    """Whether an answer is a success."""
    imports: str
    """The floor's program. It prints `connected`."""


def cold_starts(
    artifact: Artifact, environment: Mapping[str, str], call: FirstCall, rounds: int
) -> dict[str, float]:
    """The medians of our cold start and of the floor, measured in turns."""
    return asyncio.run(_cold_starts(artifact, environment, call, rounds))


async def _cold_starts(
    artifact: Artifact, environment: Mapping[str, str], call: FirstCall, rounds: int
) -> dict[str, float]:
    checkout = Checkout()
    deployer = FunctionDeployer(checkout, environment, sandbox_maker("process", checkout), 1)
    deployment = deployer.deploy(artifact.template)
    settings = chosen_settings(deployment.template.settings, environment)
    function = deployment.function(call.function)
    code = unpack(function.spec, checkout.folder("deploy", "code"))
    runtime = runtime_folder(checkout)
    ours, floor, memory = [], [], []
    for _ in range(rounds):
        event = call.event()
        started = time.perf_counter()
        outcome = await deployment.invoke(call.function, event)
        ours.append((time.perf_counter() - started) * 1000)
        if not call.is_done(outcome.payload):
            raise RuntimeError(f"the first answer is {outcome.payload!r}")
        floor.append(await asyncio.to_thread(_imports_ms, call.imports, code, runtime, settings))
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


def _imports_ms(
    program: str, code: CodeFolders, runtime: Path, settings: Mapping[str, str]
) -> float:
    """The time in ms from spawn until packages are imported and servers connected."""
    variables = {
        **settings,
        "PYTHONPATH": os.pathsep.join([str(code.opt / SITE_PACKAGES), str(runtime)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    interpreter: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001
    started = time.perf_counter()
    with subprocess.Popen(
        [interpreter, "-S", "-c", program], env=variables, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"connected\n":
            raise RuntimeError("the floor of the cold start could not connect")
        return (time.perf_counter() - started) * 1000

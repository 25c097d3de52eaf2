"""A tiny packaged app: its template and zip as `chalice package` would leave them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local.artifact.emulator.deployment import Deployment
from local.artifact.emulator.functions import FunctionDeployer
from local.artifact.emulator.invocation import Outcome
from local.artifact.emulator.sandboxes import sandbox_maker
from local.artifact.package.template import METADATA
from local.machine.checkout import Checkout

HANDLERS = Path(__file__).with_name("tiny_handlers.py")


def write_template(folder: Path, settings: Iterable[str] = (), **functions: dict[str, Any]) -> Path:
    """A template of functions with these properties beside the common ones.

    Args:
        settings: the variables that its system reads
    """
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        archive.writestr("handlers.py", HANDLERS.read_text())
        archive.writestr("broken.py", "raise RuntimeError('cannot be imported')\n")
    common = {"Runtime": "python3.11", "CodeUri": "./code.zip", "Timeout": 10, "MemorySize": 128}
    resources = {
        name: {"Type": "AWS::Serverless::Function", "Properties": {**common, **said}}
        for name, said in functions.items()
    }
    template = folder / "template.json"
    metadata = {METADATA: {"System": "tiny", "Settings": sorted(settings)}}
    template.write_text(json.dumps({"Metadata": metadata, "Resources": resources}))
    return template


@asynccontextmanager
async def deployed(
    folder: Path,
    kind: str,
    *,
    concurrency: int = 2,
    freeze: bool = True,
    settings: dict[str, str] | None = None,
    **functions: dict[str, Any],
) -> AsyncIterator[Deployment]:
    """The tiny app, running."""
    checkout = Checkout()
    deployer = FunctionDeployer(
        checkout=checkout,
        environment={**(settings or {}), "OF_ANOTHER_SYSTEM": "must not be seen"},
        make_sandbox=sandbox_maker(kind, checkout),
        concurrency=concurrency,
        freeze=freeze,
        retry_seconds=(0.05, 0.05),
    )
    deployment = deployer.deploy(write_template(folder, settings or (), **functions))
    try:
        yield deployment
    finally:
        await deployment.close()


async def call(deployment: Deployment, name: str, event: object = None) -> Any:
    """What a function returned; it must not have failed."""
    outcome = await deployment.invoke(name, json.dumps(event or {}).encode())
    assert outcome.error is None, outcome
    return json.loads(outcome.payload)


def problem(outcome: Outcome) -> tuple[str, str]:
    """Type and message of a failed function."""
    assert outcome.error == "Unhandled"
    said = json.loads(outcome.payload)
    return said["errorType"], said["errorMessage"]

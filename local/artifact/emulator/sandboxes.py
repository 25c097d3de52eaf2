"""Chooses where functions run: in containers if a container engine answers, else in processes."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from local.artifact.emulator.aws_runtime import runtime_folder
from local.artifact.emulator.container import ContainerSandbox, image_of, lives, remove_leftovers
from local.artifact.emulator.execution import Sandbox
from local.artifact.emulator.function_log import FunctionLog
from local.artifact.emulator.lambda_environment import lambda_environment
from local.artifact.emulator.process import ProcessSandbox
from local.artifact.package.template import FunctionSpec
from local.artifact.package.unpacking import CodeFolders
from local.machine.checkout import Checkout
from local.services.docker import engine

KINDS = ("process", "container")
IDLE_SECONDS = 7 * 24 * 3600  # a function may log nothing for long
Settings = Mapping[str, str]
SandboxMaker = Callable[[FunctionSpec, CodeFolders, FunctionLog, Settings], Sandbox]
_numbers = itertools.count(1)


class UnknownSandbox(ValueError):
    """There is no such kind of sandbox. The text names the kinds that exist."""


def wanted_kind(environment: Mapping[str, str]) -> str:
    """The value of `LAMBDA_SANDBOX`, or the best kind that is possible here.

    Raises:
        UnknownSandbox: the variable names no kind of sandbox
    """
    kind = environment.get("LAMBDA_SANDBOX") or ("container" if engine.answers() else "process")
    if kind not in KINDS:
        raise UnknownSandbox(f"LAMBDA_SANDBOX must be one of {', '.join(KINDS)}, got {kind!r}")
    return kind


def sandbox_maker(kind: str, checkout: Checkout) -> SandboxMaker:
    """The function that makes the sandboxes of one Lambda function."""
    if kind == "container":
        return _containers(checkout)
    return _processes(checkout)


def _name() -> str:
    return f"{os.getpid()}-{next(_numbers)}"


def _processes(checkout: Checkout) -> SandboxMaker:
    runtime = runtime_folder(checkout)
    scratch = checkout.folder("deploy", "tmp")
    _remove_scratch_of_the_dead(scratch)

    def make(
        spec: FunctionSpec, code: CodeFolders, log: FunctionLog, settings: Settings
    ) -> Sandbox:
        name = _name()
        environment = lambda_environment(spec, settings, name)
        return ProcessSandbox(code, runtime, scratch / name, environment, log.descriptor)

    return make


def _remove_scratch_of_the_dead(scratch: Path) -> None:
    """Remove the scratch folders of servers that were killed. `_name` made their names."""
    for path in scratch.iterdir():
        pid = path.name.partition("-")[0]
        if pid.isdigit() and not lives(int(pid)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(
                missing_ok=True
            )


def _containers(checkout: Checkout) -> SandboxMaker:
    client = engine.connect(IDLE_SECONDS)
    owner = str(checkout.root)
    remove_leftovers(client, owner, os.getpid())
    present: set[str] = set()

    def make(
        spec: FunctionSpec, code: CodeFolders, log: FunctionLog, settings: Settings
    ) -> Sandbox:
        image = image_of(spec.runtime)
        if image not in present:
            engine.ensure_image(client, image)
            present.add(image)
        environment = lambda_environment(spec, settings, _name())
        return ContainerSandbox(
            client, image, code, environment, spec.memory_mb, owner, log.descriptor
        )

    return make


def remove_containers(checkout: Checkout) -> None:
    """Remove the containers that servers of the checkout left behind, if there is an engine."""
    if engine.answers():
        remove_leftovers(engine.connect(), str(checkout.root), os.getpid())

"""Deploys a template's functions to this machine: unpacks their code and chooses their sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.artifact.emulator.deployment import RETRY_SECONDS, Deployment
from local.artifact.emulator.function import LambdaFunction
from local.artifact.emulator.function_log import FunctionLog
from local.artifact.emulator.lambda_environment import chosen_settings
from local.artifact.emulator.sandboxes import SandboxMaker
from local.artifact.package.template import read_template
from local.artifact.package.unpacking import unpack
from local.machine.checkout import Checkout
from local.services.settings import RECORD

ENVIRONMENTS_PER_CORE = 3


@dataclass(frozen=True)
class FunctionDeployer:
    """Deploys a template's functions to this machine.

    Attributes:
        environment: holds the functions' settings; a system gets those that it reads
        make_sandbox: makes the place where an environment of a function runs
        concurrency: environments of one function at once; more invocations wait
        freeze: whether environments are frozen between invocations
        retry_seconds: what is waited before each retry of a background invocation
    """

    checkout: Checkout
    environment: Mapping[str, str]
    make_sandbox: SandboxMaker
    concurrency: int
    freeze: bool = True
    retry_seconds: tuple[float, ...] = RETRY_SECONDS

    def deploy(self, template_path: Path) -> Deployment:
        """Prepare the functions of a template. Environments start on demand."""
        template = read_template(template_path)
        store = self.checkout.folder("deploy", "code")
        logs = self.checkout.folder("log", "functions", template.system)

        def make(name: str) -> LambdaFunction:
            spec = template.functions[name]
            # A sandbox sees no file of the checkout, so the artifact keeps no record.
            settings = {**chosen_settings(template.settings_of(name), self.environment), RECORD: ""}
            code = unpack(spec, store)
            log = FunctionLog(logs / f"{name}.log")
            make_sandbox = partial(self.make_sandbox, spec, code, log, settings)
            return LambdaFunction(spec, make_sandbox, log, self.concurrency, self.freeze)

        return Deployment(template, make, self.retry_seconds)


def default_concurrency(environment: Mapping[str, str]) -> int:
    """`LAMBDA_CONCURRENCY`, or as many as the processors of this machine can keep busy."""
    return int(environment.get("LAMBDA_CONCURRENCY") or ENVIRONMENTS_PER_CORE * _processors())


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

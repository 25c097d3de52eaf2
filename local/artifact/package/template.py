"""Reads a packaged template as data: functions, routes, schedules and queue sources.

It reads AWS's serverless application model as Chalice writes it. It runs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.artifact.package.intrinsics import Intrinsics, Unresolved
from local.aws_shapes.account import ACCOUNT, REGION
from local.serving.queue_source import QueueSpec

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
API = "AWS::Serverless::Api"
ANY_METHOD = "x-amazon-apigateway-any-method"
METADATA = "Fintegrate"
"""Packaging writes the system's name and its variables under this key."""
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
INTEGRATED = re.compile(r"\$\{(\w+)\.Arn\}/invocations")
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128
DEFAULT_RETRIES = 2  # "Error handling for asynchronous invocation"


@dataclass(frozen=True)
class FunctionSpec:
    """One function, as the template describes it.

    Attributes:
        name: its logical name, which the rest of the template uses
        function_name: its own name at run time
        timeout: seconds that one invocation may take
    """

    name: str
    handler: str
    code: Path
    function_name: str = ""
    runtime: str = "python3.11"
    layers: tuple[Path, ...] = ()
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    memory_mb: int = DEFAULT_MEMORY_MB
    environment: Mapping[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    retries: int = DEFAULT_RETRIES

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name or self.name}"


@dataclass(frozen=True)
class ScheduleSpec:
    """When a function runs by the clock."""

    function: str
    expression: str


@dataclass(frozen=True)
class Template:
    """Everything that runs, by logical name.

    Attributes:
        routes: path → method, or `ANY` → function
        api: the properties of the API, for its gateway responses
        system: the system of these functions
        settings: the variables that they read
        common: the variables that the template gives to all of them
    """

    functions: Mapping[str, FunctionSpec]
    routes: Mapping[str, Mapping[str, str]]
    schedules: tuple[ScheduleSpec, ...]
    queues: tuple[QueueSpec, ...]
    api: Mapping[str, Any]
    resources: Mapping[str, Any]
    intrinsics: Intrinsics
    system: str = ""
    settings: tuple[str, ...] = ()
    common: frozenset[str] = frozenset()

    def settings_of(self, function: str) -> tuple[str, ...]:
        """The settings that a function gets: not those that the template gives to others alone."""
        named = {name: _variables(self.resources[name]) for name in self.functions}
        others = set[str]().union(*named.values()) - self.common - named[function]
        return tuple(name for name in self.settings if name not in others)


def read_template(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Read a packaged template. The zips that it names are beside it."""
    document = json.loads(path.read_text())
    resources = document["Resources"]
    intrinsics = Intrinsics(document, parameters or {})
    reader = _Reader(resources, intrinsics, path.parent)
    apis = [r["Properties"] for r in resources.values() if r["Type"] == API]
    api = apis[0] if apis else {}
    ours = document.get("Metadata", {}).get(METADATA, {})
    return Template(
        functions={name: reader.function(name) for name in reader.names(FUNCTION)},
        routes=_routes(api.get("DefinitionBody", {}).get("paths", {})),
        schedules=tuple(reader.schedules()),
        queues=tuple(reader.queues()),
        api=api,
        resources=resources,
        intrinsics=intrinsics,
        system=ours.get("System", ""),
        settings=tuple(ours.get("Settings", ())),
        common=frozenset(
            _variables({"Properties": document.get("Globals", {}).get("Function", {})})
        ),
    )


def _variables(function: Mapping[str, Any]) -> set[str]:
    """The names of the variables that a template gives to a function."""
    environment: Mapping[str, Any] = function["Properties"].get("Environment", {})
    return set(environment.get("Variables", {}))


class _Reader:
    def __init__(self, resources: Mapping[str, Any], intrinsics: Intrinsics, folder: Path) -> None:
        self._resources = resources
        self._intrinsics = intrinsics
        self._folder = folder

    def names(self, kind: str) -> Iterator[str]:
        return (name for name, resource in self._resources.items() if resource["Type"] == kind)

    def _known(self, value: Any, default: Any = None) -> Any:
        try:
            return default if value is None else self._intrinsics.resolve(value)
        except Unresolved:
            return default

    def function(self, name: str) -> FunctionSpec:
        said = self._resources[name]["Properties"]
        reserved = self._known(said.get("ReservedConcurrentExecutions"))
        retries = said.get("EventInvokeConfig", {}).get("MaximumRetryAttempts")
        return FunctionSpec(
            name=name,
            function_name=self._known(said.get("FunctionName"), name),
            handler=said["Handler"],
            runtime=said["Runtime"],
            code=self._folder / said["CodeUri"],
            layers=tuple(self._layers(said.get("Layers", []))),
            timeout=float(self._known(said.get("Timeout"), DEFAULT_TIMEOUT_SECONDS)),
            memory_mb=int(self._known(said.get("MemorySize"), DEFAULT_MEMORY_MB)),
            environment=self._environment(said),
            reserved_concurrency=None if reserved is None else int(reserved),
            retries=int(self._known(retries, DEFAULT_RETRIES)),
        )

    def _layers(self, references: list[Any]) -> Iterator[Path]:
        """The layers that are part of the template. Layers of other accounts are left out."""
        for reference in references:
            named = reference.get("Ref", "") if isinstance(reference, dict) else ""
            layer = self._resources.get(str(named))
            if layer and layer["Type"] == LAYER:
                yield self._folder / layer["Properties"]["ContentUri"]

    def _environment(self, said: Mapping[str, Any]) -> dict[str, str]:
        """The variables whose values the template alone can resolve."""
        variables = said.get("Environment", {}).get("Variables", {})
        known = {name: self._known(value) for name, value in variables.items()}
        return {name: str(value) for name, value in known.items() if value is not None}

    def _events(self, *kinds: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name in self.names(FUNCTION):
            for event in self._resources[name]["Properties"].get("Events", {}).values():
                if event["Type"] in kinds:
                    yield name, event["Type"], event["Properties"]

    def schedules(self) -> Iterator[ScheduleSpec]:
        for name, kind, said in self._events("Schedule", "ScheduleV2"):
            enabled = said.get("Enabled", True) and said.get("State", "ENABLED") == "ENABLED"
            field_name = "Schedule" if kind == "Schedule" else "ScheduleExpression"
            expression = self._known(said.get(field_name))
            if enabled and expression:
                yield ScheduleSpec(name, expression)

    def queues(self) -> Iterator[QueueSpec]:
        for name, _, said in self._events("MQ"):
            if not said.get("Enabled", True):
                continue
            access = {entry["Type"]: entry["URI"] for entry in said["SourceAccessConfigurations"]}
            for queue in self._intrinsics.resolve(said["Queues"]):
                yield QueueSpec(
                    function=name,
                    queue=queue,
                    virtual_host=self._known(access.get("VIRTUAL_HOST"), "/"),
                    batch_size=int(self._known(said.get("BatchSize"), 100)),
                    window_seconds=float(
                        self._known(said.get("MaximumBatchingWindowInSeconds"), 0.5)
                    ),
                )


def _routes(paths: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {
        path: {
            "ANY" if method == ANY_METHOD else method.upper(): _function_of(operation)
            for method, operation in operations.items()
            if method in METHODS or method == ANY_METHOD
        }
        for path, operations in paths.items()
    }


def _function_of(operation: Mapping[str, Any]) -> str:
    integration = operation["x-amazon-apigateway-integration"]
    if integration["type"].lower() != "aws_proxy":
        return ""
    uri = integration["uri"]
    text = uri["Fn::Sub"] if isinstance(uri, dict) else uri
    found = INTEGRATED.search(text if isinstance(text, str) else text[0])
    if found is None:
        raise ValueError(f"No function of this template stands behind {text}")
    return found[1]

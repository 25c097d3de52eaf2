"""Which package may import which: imports go from higher layers to lower ones, without cycles.

Every import counts, also one inside a function: a deferred import is still a dependency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.tree import FUNCTIONS, LAYER, LOCAL, ROOT, imports_from, modules, tree_of

COMMON = {"operations", "console"}
"""Folders of functions/ that every package has. They use `chalicelib.systems`, never one system."""
WINGS = {"banking", "relay", "appevents"}
"""The parts of the harness that belong to one system."""

LAYER_ROOMS: Mapping[str, set[str]] = {
    "ground": set(),
    "access": {"ground"},
    "messaging": {"ground", "access"},
    "outbox": {"ground", "access", "messaging"},
    "http": {"ground", "access"},
    "console": {"ground", "http"},
    "outgoing": {"ground"},
    "storage": {"ground", "outgoing"},
    "openapi": {"ground", "access", "http"},
    "system": {"ground", "access", "http", "openapi"},
    "probes": {"ground", "messaging", "system"},
}
_BELOW_SERVING = {"machine", "aws_shapes", "services", "gateway", "schedules"}
_BELOW_WINGS = {
    *_BELOW_SERVING,
    "serving",
    "monitoring",
    "artifact",
    "aws",
    "documents",
    "chaos",
    "bench",
    "finding",
}
LOCAL_ROOMS: Mapping[str, set[str]] = {
    "machine": set(),
    "aws_shapes": {"machine"},
    "services": {"machine", "aws_shapes"},
    "gateway": {"machine", "aws_shapes"},
    "schedules": {"machine", "aws_shapes"},
    "serving": _BELOW_SERVING,
    "monitoring": {"machine", "services", "serving"},
    "artifact": {*_BELOW_SERVING, "serving"},
    "aws": {*_BELOW_SERVING, "serving", "artifact"},
    "documents": {"machine"},
    "chaos": {"machine", "aws_shapes", "services", "schedules", "serving"},
    "bench": {"machine", "aws_shapes", "services", "schedules", "serving"},
    "finding": {"machine", "services"},
    "banking": _BELOW_WINGS,
    "relay": _BELOW_WINGS,
    "appevents": _BELOW_WINGS,
    "cli": {*_BELOW_WINGS, *WINGS},
    "bootstrap": set(),
    "__main__": {"cli", "machine"},
    "__init__": set(),
}


def dotted(file: Path) -> str:
    """The name under which a module is imported."""
    for folder, name in ((FUNCTIONS, "chalicelib"), (LAYER, "fintegrate"), (LOCAL, "local")):
        if file.is_relative_to(folder):
            parts = (name, *file.relative_to(folder).with_suffix("").parts)
            return ".".join(parts).removesuffix(".__init__")
    return file.stem


def room_of(module: str) -> str:
    """The folder below `fintegrate` or `local` that holds a module."""
    parts = module.split(".")
    if parts[0] == "fintegrate":
        return parts[1] if len(parts) > 1 and parts[1] in LAYER_ROOMS else "ground"
    return parts[1] if len(parts) > 1 else "__init__"


@cache
def graph() -> dict[str, set[str]]:
    """Every module of the project, with the project's modules that it imports.

    It takes seconds, so only the process that runs these tests makes it.
    """
    files = {dotted(file): file for file in [*modules(FUNCTIONS, LAYER, LOCAL), ROOT / "app.py"]}
    return {
        name: {
            target
            for wanted in imports_from(tree_of(file))
            if (target := _known(wanted, files)) and target != name
        }
        for name, file in files.items()
    }


def _known(wanted: str, files: Mapping[str, Path]) -> str | None:
    """The module that an import reaches: the name itself, or the module that defines the name."""
    return wanted if wanted in files else next(_parents(wanted, files), None)


def _parents(wanted: str, files: Mapping[str, Path]) -> Iterator[str]:
    parent = wanted.rpartition(".")[0]
    if parent in files:
        yield parent


def upward(root: str, rooms: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """The imports within `root` that no rule allows, by module."""
    found = {
        name: sorted(
            target
            for target in targets
            if target.split(".")[0] == root
            and room_of(target) not in {*rooms.get(room_of(name), set()), room_of(name)}
        )
        for name, targets in graph().items()
        if name.split(".")[0] == root
    }
    return {name: targets for name, targets in found.items() if targets}


def test_no_modules_import_each_other() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_every_room_has_its_rule() -> None:
    layer = {room_of(name) for name in graph() if name.startswith("fintegrate")}
    local = {room_of(name) for name in graph() if name.startswith("local")}

    assert layer == set(LAYER_ROOMS)
    assert local <= set(LOCAL_ROOMS)


def test_rooms_of_layer_import_downward() -> None:
    assert upward("fintegrate", LAYER_ROOMS) == {}


def test_rooms_of_harness_import_downward() -> None:
    assert upward("local", LOCAL_ROOMS) == {}


def test_app_knows_the_list_only() -> None:
    own = {target for target in graph()["app"] if target.startswith("chalicelib")}

    assert own == {"chalicelib.systems"}


def test_app_is_imported_by_harness_only() -> None:
    importers = {name.split(".")[0] for name, targets in graph().items() if "app" in targets}

    assert importers <= {"local"}


def test_systems_never_import_each_other() -> None:
    found = [
        f"{name} imports {target}"
        for name, targets in graph().items()
        for target in targets
        if name.startswith("chalicelib.") and target.startswith("chalicelib.")
        if (own := name.split(".")[1]) not in COMMON | {"systems"} and target.split(".")[1] != own
    ]

    assert found == []


def test_common_functions_know_no_system() -> None:
    allowed = {*COMMON, "systems"}
    found = [
        f"{name} imports {target}"
        for name, targets in graph().items()
        for target in targets
        if name.split(".")[0] == "chalicelib" and name.count(".") and name.split(".")[1] in allowed
        if target.startswith("chalicelib.") and target.split(".")[1] not in allowed
    ]

    assert found == []


def test_only_wings_import_a_system() -> None:
    allowed = {*COMMON, "systems"}
    found = [
        f"{name} imports {target}"
        for name, targets in graph().items()
        for target in targets
        if name.startswith("local.") and room_of(name) not in WINGS
        if target.startswith("chalicelib.") and target.split(".")[1] not in allowed
    ]

    assert found == []


def test_other_side_knows_no_adapter() -> None:
    """What plays the platforms would repeat the relay's mistakes if it used the relay's code."""
    found = [
        f"{name} imports {target}"
        for name, targets in graph().items()
        for target in targets
        if name.startswith("local.relay.platforms.") and target.startswith("chalicelib.")
    ]

    assert found == []


def test_handlers_alone_know_the_wiring() -> None:
    """The wiring calls a service's module with what it needs. The module must not call back."""
    from tests.architecture.tree import registered

    handlers = {dotted(file) for file in modules(FUNCTIONS) if registered(tree_of(file))}
    found = [
        name
        for name, targets in graph().items()
        if name.startswith("chalicelib.")
        and any(target.endswith(".wiring") for target in targets)
        and name not in handlers
        and not name.endswith((".system", ".wiring"))
    ]

    assert found == []

"""Every module is documented, named after its subject, small and reachable."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from chalicelib import systems
from local.aws.parameters import STAGES
from tests.architecture.tree import (
    FUNCTIONS,
    LAYER,
    LOCAL,
    ROOT,
    docstrings,
    found_in,
    functions_of,
    length,
    modules,
    named,
    project_files,
    registered,
    tree_of,
)

EVERYTHING = modules(FUNCTIONS, LAYER, LOCAL)
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
PLACES = ("/wo" + "rk/", "../sha" + "red", "sha" + "red/spec", "sha" + "red/design", "/ro" + "ot/")
"""Above that of the package, whose files are compressed better."""


def test_module_says_what_it_is_for() -> None:
    assert found_in(EVERYTHING, lambda file: not ast.get_docstring(tree_of(file))) == {}


def test_docstrings_hold_no_code() -> None:
    """A script once inserted an import into the middle of a docstring's sentence."""

    def code(file: Path) -> list[str]:
        lines = [line for text in docstrings(tree_of(file)) for line in text.splitlines()]
        return [line for line in lines if is_import(line)]

    assert found_in(EVERYTHING, code) == {}


def is_import(line: str) -> bool:
    """Whether a line of text is a Python import statement."""
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("from typing import NamedTuple", True),
        ("    import os", True),
        ("from the header to the tenant", False),
        ("import what is needed", False),
        ("", False),
    ],
)
def test_import_in_prose_is_told(line: str, code: bool) -> None:
    assert is_import(line) is code


def test_module_is_named_after_its_matter() -> None:
    def vague(file: Path) -> set[str]:
        parts = file.relative_to(ROOT).with_suffix("").parts
        return VAGUE & {word for part in parts for word in part.split("_")}

    assert found_in(EVERYTHING, vague) == {}


def test_functions_are_short() -> None:
    def long(file: Path) -> dict[str, int]:
        return {f.name: length(f) for f in functions_of(tree_of(file)) if length(f) > 40}

    assert found_in(EVERYTHING, long) == {}


def test_handlers_are_short() -> None:
    def long(file: Path) -> dict[str, int]:
        return {f.name: length(f) for f in registered(tree_of(file)) if length(f) > 20}

    assert found_in(modules(FUNCTIONS), long) == {}


def test_handler_says_what_it_does() -> None:
    def silent(file: Path) -> list[str]:
        return [f.name for f in registered(tree_of(file)) if not ast.get_docstring(f)]

    assert found_in(modules(FUNCTIONS), silent) == {}


def test_acts_of_the_admin_name_their_bank() -> None:
    """Else the audit log has the path, and not whose events went elsewhere, or whose password it was."""

    def silent(file: Path) -> list[str]:
        text = file.read_text(encoding="utf-8")
        is_act = "Access.ADMIN" in text and 'methods=["GET"]' not in text
        return [f.name for f in registered(tree_of(file)) if is_act and "audited=" not in text]

    assert found_in(modules(FUNCTIONS / "banking"), silent) == {}


def dotted(file: Path) -> str:
    """The name under which a module of functions/ is imported."""
    return "chalicelib." + ".".join(file.relative_to(FUNCTIONS).with_suffix("").parts)


def imported_names(file: Path) -> set[str]:
    """The dotted names of everything that a module imports by name."""
    return {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("index", sorted(FUNCTIONS.glob("*/index.py")), ids=named)
def test_index_imports_every_handler(index: Path) -> None:
    with_handlers = {dotted(file) for file in modules(index.parent) if registered(tree_of(file))}

    assert with_handlers <= imported_names(index)


@pytest.mark.parametrize("index", sorted(FUNCTIONS.glob("*/index.py")), ids=named)
def test_index_imports_every_blueprint(index: Path) -> None:
    found = {dotted(file) for file in index.parent.rglob("blueprint.py")}

    assert found <= {name.rpartition(".")[0] for name in imported_names(index)}


def test_app_registers_every_blueprint() -> None:
    from app import app

    registered_modules = {
        view.view_function.__module__ for routes in app.routes.values() for view in routes.values()
    }

    assert {name.split(".")[1] for name in registered_modules} == {
        *systems.NAMES,
        "operations",
        "console",
    }


def test_paths_name_their_service() -> None:
    """A request imports the service that its path begins with; its folder may have another name."""
    from app import app

    found = {
        (path, module)
        for path, views in app.routes.items()
        for view in views.values()
        if (module := view.view_function.__module__).split(".")[1]
        not in {systems.OPERATIONS, systems.CONSOLE}
    }
    elsewhere = {
        (path, module)
        for path, module in found
        if module.rpartition(".")[0] not in imported_for(path, module.split(".")[1])
    }

    assert found
    assert elsewhere == set()


def imported_for(path: str, system: str) -> tuple[str, ...]:
    """The packages from which a system imports when a request asks for this path."""
    services = systems.system_of(system).services
    found = [load for begin, load in services.items() if f"{path}/".startswith(f"/{begin}/")]
    return found[0].__code__.co_names if found else ()


def test_no_two_systems_share_a_path() -> None:
    segments = [
        segment
        for name in systems.NAMES
        for segment in systems.system_of(name).services
        if segment != "schedules"  # has no paths
    ]

    assert len(segments) == len(set(segments))


def test_every_system_is_in_the_list() -> None:
    assert {file.parent.name for file in FUNCTIONS.glob("*/system.py")} == set(systems.NAMES)


def test_app_registers_and_does_nothing_else() -> None:
    app = (ROOT / "app.py").read_text(encoding="utf-8")

    assert len(app.splitlines()) <= 15
    assert "def " not in app


def test_files_name_only_project_paths() -> None:
    found = {}
    for file in project_files():
        text = file.read_bytes()
        hits = [
            place for place in PLACES if re.search(rf"(?<![\w.]){re.escape(place)}".encode(), text)
        ]
        if hits:
            found[named(file)] = hits

    assert found == {}


@pytest.mark.parametrize("system", systems.NAMES)
def test_folders_bear_the_systems_name(system: str) -> None:
    """Packaging uses these names to leave other systems' folders out."""
    described = systems.system_of(system)

    assert described.name == system
    assert {base.folder.split("/")[0] for base in described.databases} <= {system}


@pytest.mark.parametrize("system", systems.NAMES)
def test_every_system_has_its_stages(system: str) -> None:
    stages = json.loads((ROOT / "chalice.json").read_text(encoding="utf-8"))["stages"]

    for stage in STAGES:
        assert stages[f"{system}-{stage}"]["environment_variables"] == {"SYSTEM": system}
    assert "environment_variables" not in stages["dev"]

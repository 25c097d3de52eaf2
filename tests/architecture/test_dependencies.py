"""Dependencies point one way: local → functions → layer, and nothing of AWS is loaded early."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import (
    FUNCTIONS,
    LAYER,
    ROOT,
    found_in,
    imports,
    imports_from,
    modules,
    tree_of,
)

AWS = {"boto3", "botocore"}
ON_USE = {"redis", "cryptography"}
"""Packages that only the functions which use them load."""
OUTGOING = {"h11", "fintegrate.outgoing"}
"""The way to strangers: only functions that send load it."""
ANSWERING = [
    f"chalicelib.banking.{module.stem}"
    for module in modules(FUNCTIONS / "banking")
    if module.parent == FUNCTIONS / "banking" and module.stem != "__init__"
] + [
    f"chalicelib.banking.{folder.name}"
    for folder in sorted((FUNCTIONS / "banking").iterdir())
    if (folder / "blueprint.py").exists()
]
"""Banking's services and what they are made of. What calls banks by webhook is loaded by no request."""
CLIENTS = ("http.client.", "urllib.request.", "urllib3.", "requests.", "httpx.", "aiohttp.", "h11.")
WAYS_OUT = {LAYER / "outgoing" / "connection.py", LAYER / "messaging" / "management.py"}
"""The way to strangers, and the one to the broker's own API."""
OWN_COLUMNS = re.compile(r"\b(?:customer|consumer|event|subject)_id\b")

IMPORT_EVERYTHING = """
import importlib, os, pkgutil, sys

OURS = {folders!r}
reads, connections = [], []

PASSED_ON_BY = {{"os", "collections.abc", "_collections_abc"}}

class Watched(type(os.environ)):
    def __getitem__(self, name):
        frame = sys._getframe(1)
        while frame and frame.f_globals["__name__"] in PASSED_ON_BY:
            frame = frame.f_back
        reader = os.path.realpath(frame.f_code.co_filename) if frame else ""
        if any(reader.startswith(folder) for folder in OURS):
            reads.append(f"{{name}} read by {{reader}}:{{frame.f_lineno}}")
        return super().__getitem__(name)

def watch(event, arguments):
    if event in {{"socket.connect", "socket.getaddrinfo"}}:
        connections.append(event)

os.environ.__class__ = Watched
sys.addaudithook(watch)
for package in {packages!r}:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
        importlib.import_module(found.name)
assert not reads, reads
assert not connections, connections
names = {{name.partition(".")[0] for name in sys.modules}} | set(sys.modules)
loaded = sorted(names & {unwanted!r})
assert not loaded, f"loaded at import: {{loaded}}"
"""


def test_layer_knows_nothing_above_it() -> None:
    def above(file: Path) -> set[str]:
        roots = {name.partition(".")[0] for name in imports(tree_of(file))}
        return roots & {"chalicelib", "functions", "local", "app"}

    assert found_in(modules(LAYER), above) == {}


def test_layer_names_no_systems_column() -> None:
    """The consoles' shapes have the API's word for the owner of a stream: the same for every system."""

    def columns(file: Path) -> list[str]:
        if file.parent.name == "console" and file.suffix == ".py":
            return []
        return list(OWN_COLUMNS.findall(file.read_text(encoding="utf-8")))

    assert found_in([*modules(LAYER), *sorted(LAYER.rglob("*.sql"))], columns) == {}


def test_functions_do_not_know_the_harness() -> None:
    def harness(file: Path) -> set[str]:
        roots = {name.partition(".")[0] for name in imports(tree_of(file))}
        return roots & {"local", "functions", "tests", "app"}

    assert found_in(modules(FUNCTIONS), harness) == {}


def test_requests_leave_by_one_way() -> None:
    def clients(file: Path) -> set[str]:
        found = {f"{name}." for name in imports_from(tree_of(file))}
        return {client for client in CLIENTS if any(name.startswith(client) for name in found)}

    files = [file for file in modules(FUNCTIONS, LAYER) if file not in WAYS_OUT]
    assert found_in(files, clients) == {}


@pytest.mark.parametrize(
    ("packages", "unwanted"),
    [
        (["fintegrate"], AWS | ON_USE | {"chalicelib", "local", "functions"}),
        (["fintegrate.http"], AWS | ON_USE | OUTGOING | {"pika"}),
        (["fintegrate.outbox"], AWS | ON_USE | OUTGOING | {"pika"}),
        (["chalicelib"], AWS | ON_USE | {"local", "functions"}),
        ([*ANSWERING, "app"], AWS | ON_USE | OUTGOING | {"local", "functions"}),
    ],
    ids=["layer", "layer_http", "layer_outbox", "functions", "app"],
)
def test_import_reads_and_opens_nothing(packages: list[str], unwanted: set[str]) -> None:
    done = import_everything([FUNCTIONS, LAYER], packages, unwanted)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.environ.get('STAGE')", "STAGE read by"),
        ("import os; os.getenv('STAGE')", "STAGE read by"),
        ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "socket.connect"),
        ("import botocore", "loaded at import"),
        ("import fintegrate.outgoing.client", "loaded at import"),
    ],
)
def test_watch_notices_forbidden_access(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "offender.py").write_text(code, encoding="utf-8")

    done = import_everything([tmp_path], ["offender"], AWS | ON_USE | OUTGOING, tmp_path)

    assert done.returncode == 1
    assert said in done.stderr


def import_everything(
    folders: list[Path], packages: list[str], unwanted: set[str], found_in: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Import all modules of the packages in a fresh process that watches what they do."""
    program = IMPORT_EVERYTHING.format(
        folders=[str(folder.resolve()) for folder in folders], packages=packages, unwanted=unwanted
    )
    search = [ROOT, ROOT / "vendor", found_in]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PYTHONPATH": ":".join(map(str, search)), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

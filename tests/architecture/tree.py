"""Reads the source tree for these tests: files, syntax trees and SQL statements."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TypeVar

from fintegrate.queries import load_queries

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
LAYER = ROOT / "layers" / "fintegrate" / "python" / "fintegrate"
LOCAL = ROOT / "local"
REGISTRATIONS = {"route", "schedule", "lambda_function", "on_sqs_message"}
T = TypeVar("T")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: Path) -> list[Path]:
    """Every Python file below the folders."""
    return [file for folder in folders for file in sorted(folder.rglob("*.py"))]


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def found_in(files: Iterable[Path], look: Callable[[Path], T]) -> dict[str, T]:
    """By the name of a file what was found in it, where that is anything."""
    return {named(file): found for file in files if (found := look(file))}


def named(file: Path) -> str:
    """The file's name in a message."""
    return str(file.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    """The dotted name of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def imports_from(tree: ast.AST) -> Iterator[str]:
    """The dotted name of every import with the imported name: `a.b.c` for `from a.b import c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions_of(tree: ast.AST) -> list[Function]:
    """Every function, including nested ones."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def registered(tree: ast.AST) -> list[Function]:
    """The functions that a decorator registers with Chalice: endpoints, schedules, lambdas."""
    return [
        function
        for function in functions_of(tree)
        if any(
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr in REGISTRATIONS
            for decorator in function.decorator_list
        )
    ]


def docstrings(tree: ast.AST) -> list[str]:
    """The docstring of the module and of every class and function in it."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [
        text
        for node in ast.walk(tree)
        if isinstance(node, documented)
        if (text := ast.get_docstring(node))
    ]


def length(function: Function) -> int:
    """The number of lines of a function without its docstring, from `def` to its end."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def texts(tree: ast.AST) -> list[str]:
    """Every string that is not a docstring, including the constant parts of f-strings."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def statements(folder: Path) -> list[tuple[str, str, str]]:
    """File, name and text of every named SQL statement, without comments."""
    return [
        (named(file), name, re.sub(r"--[^\n]*", "", text))
        for file in sorted(folder.rglob("*.sql"))
        if file.name != "tables.sql"  # definitions, which have no names
        for name, text in load_queries(file).items()
    ]


def project_files() -> list[Path]:
    """The files that are committed or can be committed; of an unpacked archive, all that it had."""
    files = _known_to_git() if (ROOT / ".git").exists() else unignored(ROOT)
    return [file for file in files if file.is_file() and not file.is_symlink()]


def _known_to_git() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def unignored(root: Path) -> list[Path]:
    """All files but those that `.gitignore` names. Its patterns are plain: no `!`, no `**`."""
    patterns = [line.strip("/") for line in (root / ".gitignore").read_text().splitlines()]
    found = []
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if not _ignored(here / name, root, patterns)]
        found += [here / name for name in names if not _ignored(here / name, root, patterns)]
    return found


def _ignored(path: Path, root: Path, patterns: list[str]) -> bool:
    """By its name, or by its whole path where the pattern has a slash."""
    whole = path.relative_to(root).as_posix()
    return any(fnmatch(whole if "/" in pattern else path.name, pattern) for pattern in patterns)

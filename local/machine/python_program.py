"""Runs a program of a package with this Python. Its script would name the folder of its installation."""

from __future__ import annotations

import sys

RUN = """
import sys
from importlib.metadata import entry_points
(program,) = entry_points(group="console_scripts", name=sys.argv.pop(1))
sys.argv[0] = program.name
sys.exit(program.load()())
"""


def python_program(name: str) -> list[str]:
    """The beginning of the command that runs it; the virtualenv may have been moved."""
    return [sys.executable, "-c", RUN, name]

"""Prometheus' own checker, for tests; without it they are skipped, or fail where `CI` is set."""

from __future__ import annotations

import os
import subprocess

import pytest

from local.services.native.prometheus import PROMETHEUS, PROMTOOL


def promtool(*arguments: str) -> str:
    """What it says.

    Raises:
        AssertionError: it found something
    """
    program = PROMETHEUS.find(PROMTOOL)
    if program is None:
        if os.environ.get("CI"):
            raise RuntimeError("CI must have promtool")
        pytest.skip("promtool is not installed: make setup")
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

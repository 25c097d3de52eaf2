"""What a cold start of a consumer does not pay for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app import app
from chalicelib.appevents import handlers
from local.machine.checkout import Checkout
from local.services.settings import search_path

LOADED = """
import sys
from chalicelib.appevents import handlers
getattr(handlers, sys.argv[1])
print(*sorted(sys.modules))
"""


def loaded_by(function: str) -> list[str]:
    """The modules that a process has, which was started for this function."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, function],
        env={**os.environ, "PYTHONPATH": search_path(Checkout())},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize("function", sorted(handlers.PLACES))
def test_function_imports_no_tokens(function: str) -> None:
    packages = {name.partition(".")[0] for name in loaded_by(function)}

    assert not {"jwt", "cryptography", "h11"} & packages


@pytest.mark.parametrize("service", ["dm", "machine", "program", "settings", "video"])
def test_consumer_imports_its_service_only(service: str) -> None:
    consumers = [name for name in loaded_by(f"app_{service}") if name.endswith(".consume")]

    assert consumers == [f"chalicelib.appevents.{service}.consume"]


def test_every_function_has_its_place() -> None:
    assert {name for name in app.handler_map if name.startswith("app_")} == handlers.PLACES.keys()

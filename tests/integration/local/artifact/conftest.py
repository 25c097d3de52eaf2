"""Both kinds of sandbox; containers only where an engine answers."""

from __future__ import annotations

import sys

import pytest

from local.services.docker.engine import answers


@pytest.fixture(params=["process", "container"])
def kind(request: pytest.FixtureRequest) -> str:
    """How functions run."""
    if request.param == "container" and not answers():
        pytest.skip("no Docker engine answers")
    if request.param == "process" and sys.platform != "linux":
        pytest.skip("AWS's runtime client is for Linux")
    return str(request.param)

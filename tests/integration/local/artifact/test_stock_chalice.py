"""Chalice's own commands work on the sources as they are, and serve all systems."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from local.aws_shapes.account import REGION
from local.machine.checkout import Checkout
from local.machine.python_program import python_program
from local.serving.server import listen
from tests.support.waiting import eventually

CHALICE = python_program("chalice")


@pytest.mark.night_long
def test_stock_package_holds_all_systems(tmp_path: Path) -> None:
    checkout = Checkout()
    with checkout.locked("package"):
        subprocess.run(
            [*CHALICE, "package", str(tmp_path)],
            cwd=checkout.root,
            env={**os.environ, "AWS_DEFAULT_REGION": REGION},
            check=True,
            capture_output=True,
        )

    resources = json.loads((tmp_path / "sam.json").read_text())["Resources"]
    functions = {n: r for n, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}
    assert {"APIHandler", "Migrate", "Resend"} <= functions.keys()
    for function in functions.values():
        assert "SYSTEM" not in function["Properties"].get("Environment", {}).get("Variables", {})


def test_stock_local_serves_all_systems(environment: dict[str, str]) -> None:
    with listen(None) as free:
        port = free.getsockname()[1]
    command = [*CHALICE, "local", "--no-autoreload", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=Checkout().root, env=environment, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}/health"
            health = eventually(lambda: answered(url), "chalice local answers", seconds=60)
            document = httpx.get(f"http://127.0.0.1:{port}/openapi.json", timeout=60).json()
        finally:
            server.terminate()

    assert health.status_code == 200
    assert "/customer/data" in document["paths"]


def answered(url: str) -> httpx.Response | None:
    """The answer, or None while nothing listens."""
    try:
        return httpx.get(url, timeout=60)
    except httpx.ConnectError:
        return None

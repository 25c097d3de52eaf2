"""What Grafana's container is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.machine.checkout import Checkout
from local.monitoring import grafana


def test_nobody_signs_in(tmp_path: Path) -> None:
    """Its own administrator has a password that everybody knows."""
    told: dict[str, Any] = {}
    containers = SimpleNamespace(run=lambda _image, **how: told.update(how))

    grafana._run(SimpleNamespace(containers=containers), Checkout(tmp_path), "http://p")  # type: ignore[arg-type]

    environment = told["environment"]
    assert environment["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"

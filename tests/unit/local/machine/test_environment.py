from __future__ import annotations

import ast

import httpx
import pytest

from local.machine.environment import leave_aside, may_use_proxy
from local.services import probes
from tests.architecture.tree import LOCAL, modules, named, tree_of

SENDING = {"get", "put", "post", "patch", "delete", "request", "stream", "Client", "AsyncClient"}


def test_libpq_variables_are_dropped() -> None:
    environment = {"PGSSLMODE": "require", "PGSERVICE": "prod", "PATH": "/bin", "NO_PROXY": "*"}

    leave_aside(environment)

    assert environment == {"PATH": "/bin", "NO_PROXY": "*,127.0.0.1,localhost"}


def test_both_spellings_spare_loopback() -> None:
    environment = {"NO_PROXY": "example.org", "no_proxy": "127.0.0.1"}

    leave_aside(environment)
    leave_aside(environment)

    assert environment == {
        "NO_PROXY": "example.org,127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://user:secret@127.0.0.2:15672/api", False),
        ("http://[::1]:8000", False),
        ("http://localhost", False),
        ("http://banking.localhost:8080", False),
        ("https://api.example.org", True),
        ("https://localhost.example.org", True),
    ],
)
def test_proxies_are_for_others(url: str, may: bool) -> None:
    assert may_use_proxy(url) is may


def test_every_client_decides_about_proxies() -> None:
    undecided = [
        f"{named(module)}:{call.lineno}"
        for module in modules(LOCAL)
        for call in ast.walk(tree_of(module))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in {("httpx", name) for name in SENDING}
        and "trust_env" not in {keyword.arg for keyword in call.keywords}
    ]

    assert undecided == []


def test_probe_passes_by_unusable_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")  # httpx cannot even prepare this one

    with pytest.raises(httpx.ConnectError):
        probes.management("http://127.0.0.1:9")

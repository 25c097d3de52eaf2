"""The environment of the functions: the servers' addresses, the secrets made up, the caller's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from chalicelib import systems
from local.machine.checkout import Checkout
from local.machine.credentials import password
from local.services.urls import ServiceUrls

RECORD = "RECORD_SECRET_ID"
"""The variable with the place of the record outside the database: here a file of the checkout."""


def settings_environment(
    urls: ServiceUrls, checkout: Checkout | None = None, /, **overrides: str
) -> dict[str, str]:
    """The functions' environment.

    The caller's own settings win over those made up here, the servers' addresses win over the
    caller's, and the overrides win over all.
    """
    checkout = checkout or Checkout()
    return {
        "BANK_STORE_ADDRESSING": "path",
        "OBJECT_STORE_ADDRESSING": "path",  # the packages' templates say what a bucket of AWS needs
        **({} if os.environ.get("SYSTEM") else {"CONSOLE_SYSTEMS": "relay,appevents"}),
        RECORD: f"file://{checkout.folder('secrets') / 'revocations.json'}",
        **os.environ,
        **secret_settings(checkout),
        "PYTHONPATH": search_path(checkout),
        **urls.servers,
        **urls.databases,
        **overrides,
    }


def search_path(checkout: Checkout) -> str:
    """Where Python finds a checkout's functions and its layer."""
    return os.pathsep.join([str(checkout.root), str(checkout.root / "vendor")])


def secret_settings(checkout: Checkout) -> dict[str, str]:
    """The secrets of all systems: the caller's own, else the checkout's, made on first use."""
    known: dict[str, str] = {}
    left_out = {setting for setting, other in _unless().items() if os.environ.get(other)}
    for setting, make in made_up_settings().items():
        if setting in left_out and not os.environ.get(setting):
            continue
        name = setting.lower().replace("_", "-")
        known[setting] = os.environ.get(setting) or password(
            checkout, name, partial(make, dict(known))
        )
    for system in map(systems.system_of, systems.NAMES):
        for setting, follow in system.derived.items():
            known[setting] = os.environ.get(setting) or follow(known)
    return known


def made_up_settings() -> dict[str, Callable[[Mapping[str, str]], str]]:
    """The settings of all systems that a checkout makes up for itself, and what makes each."""
    return {
        setting: make
        for name in systems.NAMES
        for setting, make in systems.system_of(name).made_up.items()
    }


def _unless() -> dict[str, str]:
    """Settings that are not made up when the caller gives another one."""
    return {
        setting: other
        for name in systems.NAMES
        for setting, other in systems.system_of(name).made_up_unless.items()
    }

"""Where banks are called on this machine, and the setting that lets the functions call there.

The ports are remembered, so that a checkout that is served already calls the demo's bank as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from local.machine.checkout import Checkout
from local.machine.ports import LOOPBACK, PortBook

if TYPE_CHECKING:  # the bank's own program has nothing of the functions
    from local.services.installation import Installation

PATH = "/events"
ALLOWED = "WEBHOOK_ALLOW_HOSTS"
CONSUMER, DEMO = "called consumer", "called demo"
"""What listens: the reference consumer, and that of the demo."""
URL = "CONSUMER_URL"
"""The variable of `.local/env` with the reference consumer's address."""


def url_at(port: int) -> str:
    """Where Fintegrate calls a bank that listens on this port."""
    return f"http://{LOOPBACK}:{port}{PATH}"


def port_of(checkout: Checkout, name: str) -> int:
    """The port of a bank that is called, the same one each time."""
    return PortBook(checkout).port(name)


def with_called_banks(installation: Installation) -> Installation:
    """The same, announcing the reference consumer's address, if its functions may call this machine."""
    settings = settings_allowing(installation.checkout, installation.environment)
    if not settings:
        return installation
    url = url_at(port_of(installation.checkout, CONSUMER))
    return installation.beside(settings, installation.announced_too).announcing({URL: url})


def settings_allowing(checkout: Checkout, environment: Mapping[str, str]) -> dict[str, str]:
    """What the functions need to call there. Only the stage `local` may call this machine."""
    if environment.get("STAGE", "local") != "local":
        return {}
    banks = [f"{LOOPBACK}:{port_of(checkout, name)}" for name in (CONSUMER, DEMO)]
    return {ALLOWED: ",".join(filter(None, [environment.get(ALLOWED, ""), *banks]))}

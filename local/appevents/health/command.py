"""`make health`: one line of JSON for each check, also in `infra-health.log`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from local.appevents.health import servers, services
from local.appevents.health.finding import Finding, run
from local.machine.checkout import Checkout

LOG = "infra-health.log"
SERVED = ("env", "deploy.env")
"""What `make local` or `make up` serves; else what `make deploy-local` does."""
AT_ONCE = 8


def health(checkout: Checkout, say: Callable[[str], object]) -> bool:
    """Look at everything once. Returns whether all is up."""
    settings = settings_of(checkout)
    wanted = [*servers.checks(settings), *services.checks(settings)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = list(pool.map(run, wanted))
    write(checkout, findings, say)
    return all(finding.is_up for finding in findings)


def settings_of(checkout: Checkout) -> dict[str, str]:
    """The settings of what is served; empty when nothing is."""
    for name in SERVED:
        file = checkout.state / name
        if file.exists():
            lines = file.read_text(encoding="utf-8").splitlines()
            pairs = (line.partition("=") for line in lines)
            return {variable: "".join(shlex.split(value)) for variable, _, value in pairs}
    return {}


def write(checkout: Checkout, findings: list[Finding], say: Callable[[str], object]) -> None:
    now = time.time()
    lines = [finding.line(now) for finding in findings]
    with (checkout.root / LOG).open("a", encoding="utf-8") as log:
        log.writelines(f"{line}\n" for line in lines)
    for line in lines:
        say(line)

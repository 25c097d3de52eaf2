"""The commands of the packaged systems: `python -m local deploy-local` and its companions."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from chalicelib.systems import NAMES
from local.artifact.background import DeployedServer
from local.artifact.emulator.sandboxes import remove_containers
from local.artifact.invoke_event import WrongEvent, event_for
from local.artifact.package.hot import changes
from local.artifact.package.make import package, packaged_template
from local.artifact.package.pruning import prune
from local.artifact.package.template import read_template
from local.artifact.rollback import settings_for
from local.machine.checkout import Checkout
from local.machine.environment import may_use_proxy
from local.services.choice import stop_all
from local.services.installation import Installation, install, migrate
from local.services.settings import search_path
from local.serving.background import BackgroundServer

PROBLEM_CHARACTERS = 600  # the end of a traceback
INVOKE_SECONDS = 900.0  # Lambda's longest
console = Console(highlight=False)


def deploy_local(
    port: int,
    hot: bool = False,
    sources: Checkout | None = None,
    beside: Callable[[Installation], Installation] = lambda installation: installation,
) -> None:
    """Package every system and serve all in the background; returns when `/health` answers 200.

    If a migration fails, what was served before is served on.

    Args:
        hot: keep running, and serve every change of the sources until Ctrl-C
        sources: the checkout to package; by default the one whose servers are used
        beside: starts further servers and adds what names them
    """
    checkout = Checkout()
    sources = sources or checkout
    started = time.monotonic()
    with console.status("Packaging, starting PostgreSQL, RabbitMQ, Redis and the functions"):
        artifacts = [package(system, checkout=sources) for system in NAMES]
        server = DeployedServer(checkout)
        installation = beside(install(checkout, keep=True, migrated=False))
        environment = settings_for(sources, installation.environment)
        if server.control_url() is not None:
            # The new server migrates when the old one has ended. So try it while that one serves.
            migrate(sources, {**environment, "PYTHONPATH": search_path(sources)})
        url = server.start(artifacts, environment, port)
        installation.write_env(url, "deploy.env")
        if sources == checkout:
            prune(checkout, artifacts)
    seconds = time.monotonic() - started
    console.print(f"[bold green]The packaged Fintegrate serves on {url}[/bold green]")
    console.print(f"Deployed in {seconds:.1f} s. Settings: source .local/deploy.env", markup=False)
    console.print("Next: make logs   make invoke FUNCTION=resend   make undeploy-local")
    if hot:
        console.print("Changes are served as they are saved; Ctrl-C ends this, not the server.")
        _serve_changes(checkout)


def _serve_changes(checkout: Checkout) -> None:
    control = DeployedServer(checkout).control_url()
    assert control is not None
    with contextlib.suppress(KeyboardInterrupt):
        for started, problem in changes(checkout, control):
            seconds = time.monotonic() - started
            console.print(
                f"[red]{escape(problem[-PROBLEM_CHARACTERS:])}"
                if problem
                else f"Served after {seconds:.1f} s"
            )


def undeploy_local() -> None:
    """Stop what deploy-local started. The servers are kept while `make up` uses them."""
    checkout = Checkout()
    DeployedServer(checkout).stop()
    remove_containers(checkout)
    if BackgroundServer(checkout).url() is None:
        BackgroundServer(checkout, "platforms").stop()
        with checkout.locked("services"):
            stop_all(checkout)
    console.print("Stopped.")


def logs(function: str) -> int:
    """Follow the logs of all deployed functions, or of those with this name, until Ctrl-C."""
    folder = Checkout().folder("log", "functions")
    system, _, name = function.replace("_", "").replace("-", "").lower().rpartition("/")
    files = [
        file
        for file in sorted(folder.glob("*/*.log"))
        if name in ("", file.stem.lower()) and system in ("", file.parent.name)
    ]
    if not files:
        sys.stderr.write(f"No function {function} has a log under .local/log/functions\n")
        return 1
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(["tail", "-n", "20", "-F", *map(str, files)], check=False)
    return 0


def invoke(function: str, event: str) -> int:
    """Invoke a deployed function and print its result. The exit status is 1 if it failed.

    Args:
        function: such as `banking/resend`, or `resend` when only one system has it
        event: JSON, or `@` and a file name. What a schedule's event has and this lacks is filled in
    """
    checkout = Checkout()
    control = DeployedServer(checkout).control_url()
    if control is None:
        sys.stderr.write("Nothing is deployed; `make deploy-local` first\n")
        return 1
    packaged = [packaged_template(system, checkout) for system in NAMES]
    try:
        said = Path(event[1:]).read_text("utf-8") if event.startswith("@") else event
        payload = event_for(function, said, map(read_template, packaged))
    except (WrongEvent, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answer = httpx.post(
        f"{control}/2015-03-31/functions/{function}/invocations",
        content=payload,
        timeout=INVOKE_SECONDS,
        trust_env=may_use_proxy(control),
    )
    sys.stdout.write(f"{answer.text}\n")
    return int(answer.is_error or "x-amz-function-error" in answer.headers)

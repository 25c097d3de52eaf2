"""The commands of the harness: `python -m local …`, which the Makefile calls.

Parses, calls and prints; what a command does is in the module it calls.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from local.appevents.tokens import NoTokens, ready_to_paste, with_users
from local.artifact.package.make import PackagingFailed
from local.artifact.rollback import NoSuchCommit, deploy_to_aws, earlier
from local.banking.recovering import NotRecovered
from local.banking.webhook_addresses import with_called_banks
from local.bench.peers.virtualenv import PeersMissing
from local.finding.command import TooShort
from local.machine.checkout import Checkout
from local.machine.ports import NoFreePort
from local.monitoring import watching
from local.relay import platforms_server as platforms
from local.services.choice import remove_all
from local.services.installation import Installation, NotMigrated, install
from local.services.migrating import NotDone, migrate_service
from local.services.running import ensure_services
from local.services.service import ServersUnusable
from local.serving.background import BackgroundServer, down
from local.serving.server import ServerNotStarted, start_server

EXPLAINED = (
    ServersUnusable,
    NoSuchCommit,
    NotMigrated,
    ServerNotStarted,
    NoFreePort,
    PackagingFailed,
    PeersMissing,
    NotRecovered,
    NoTokens,
    NotDone,
    TooShort,
    watching.NothingServed,
)
ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
complaints = Console(stderr=True, highlight=False)
Port = Annotated[
    int,
    typer.Option(
        envvar="PORT", min=0, max=65_000, help="the port, or one of the next that is free"
    ),
]


P = ParamSpec("P")
R = TypeVar("R")


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """Print an error whose text tells what to do as that text, without a traceback."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except EXPLAINED as error:
            complaints.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
            raise typer.Exit(1) from None

    return wrapper


def _beside(installation: Installation) -> Installation:
    """What a served checkout has beside the functions: platforms to send to, users of the app."""
    return platforms.in_background(with_called_banks(with_users(installation)))


def _next_steps(url: str, installation: Installation) -> None:
    console.print(f"[bold green]Fintegrate serves on {url}[/bold green]   docs: {url}/docs")
    if platforms.URL in installation.environment:
        console.print(f"The relay's platforms: {installation.environment[platforms.URL]}")
    console.print(f"The pages of app.events: {url}/app/demo, {url}/app/feed", soft_wrap=True)
    console.print(
        "Try:\n"
        "  source .local/env\n"
        f"  curl {url}/health\n"
        '  curl -X POST "$BASE_URL/customer/data" -H "X-API-Key: $ADMIN_API_KEY" \\\n'
        "    -H 'Content-Type: application/json' -d '{\"name\": \"Ada Lovelace\"}'\n"
        "  make demo         make relay-demo         make app-demo\n"
        + ready_to_paste(installation),
        markup=False,
        soft_wrap=True,
        end="",
    )


@app.command()
@explained
def local(port: Port = 8000) -> None:
    """Set up what is missing and serve until Ctrl-C."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's `&` ignores SIGINT
        signal.signal(ending, signal.default_int_handler)
    checkout = Checkout()
    try:
        with console.status("Starting PostgreSQL, RabbitMQ and Redis"):
            installed = install(checkout, keep=False)
        with (
            installed.services,
            platforms.while_served(with_called_banks(with_users(installed))) as installation,
            start_server(installation.environment, port, output=sys.stdout) as server,
            installation.announced(server.base_url, BackgroundServer(checkout).url),
        ):
            _next_steps(server.base_url, installation)
            console.print("Ctrl-C stops everything that was started.")
            server.wait()
    except KeyboardInterrupt:
        console.print("Stopped.")


@app.command()
@explained
def up(port: Port = 8000) -> None:
    """Serve in the background; returns when /health answers 200."""
    checkout = Checkout()
    with console.status("Starting PostgreSQL, RabbitMQ, Redis and the server"):
        installation = _beside(install(checkout, keep=True))
        url = BackgroundServer(checkout).start(installation.environment, port)
        installation.write_env(url)
    _next_steps(url, installation)
    console.print("Log: .local/log/server.log   Stop: make down")


@app.command(name="deploy-local")
@explained
def deploy_local(port: Port = 8080, hot: bool = False) -> None:
    """Package, and serve the artifact in the background as AWS would."""
    from local.artifact import cli

    cli.deploy_local(port, hot, beside=_beside)


@app.command()
@explained
def rollback(stage: str, to: str, port: Port = 8080) -> None:
    """Deploy an earlier commit again, to a stage in AWS or, as stage `local`, here."""
    from local.artifact import cli

    sources = earlier(Checkout(), to)
    if stage == "local":
        cli.deploy_local(port, sources=sources, beside=_beside)
    else:
        raise typer.Exit(deploy_to_aws(sources, stage))


@app.command(name="undeploy-local")
@explained
def undeploy_local() -> None:
    """Stop what deploy-local started."""
    from local.artifact import cli

    cli.undeploy_local()


@app.command()
@explained
def invoke(function: str, event: Annotated[str, typer.Argument()] = "") -> None:
    """Invoke a deployed function with an event: JSON, or @ and a file's name."""
    from local.artifact import cli

    raise typer.Exit(cli.invoke(function, event))


@app.command()
@explained
def logs(function: Annotated[str, typer.Argument()] = "") -> None:
    """Follow the logs of the deployed functions."""
    from local.artifact import cli

    raise typer.Exit(cli.logs(function))


@app.command()
@explained
def monitor() -> None:
    """Have Prometheus watch what `make up` serves."""
    from local.monitoring.command import monitor

    monitor(Checkout(), console)


@app.command(name="monitor-down")
@explained
def monitor_down() -> None:
    """Stop what `make monitor` started."""
    watching.stop(Checkout())
    console.print("Stopped.")


@app.command(name="down")
@explained
def down_command() -> None:
    """Stop everything of this checkout, and only it."""
    checkout = Checkout()
    watching.stop(checkout)
    for each in (checkout.within("chaos"), checkout):
        down(each)
    console.print("Stopped.")


@app.command()
@explained
def clean() -> None:
    """Stop everything and delete the servers' data."""
    checkout = Checkout()
    watching.stop(checkout)
    for each in (checkout.within("chaos"), checkout):
        down(each)
        remove_all(each)


@app.command()
@explained
def token(user: str = "", hours: float = 8.0) -> None:
    """Print a token of a user of the app; without an id a new one's."""
    from local.appevents.tokens import make_token, user_id
    from local.services.settings import secret_settings

    settings = {**os.environ, **secret_settings(Checkout())}
    print(make_token(settings, user_id(user), hours))


@app.command()
@explained
def health() -> None:
    """Look at everything that is served, and add what was found to infra-health.log."""
    from local.appevents.health.command import health

    raise typer.Exit(int(not health(Checkout(), print)))


@app.command()
@explained
def migrate(service: str, down: bool = False) -> None:
    """Migrate the database of a service up, or its last migration down."""
    print(migrate_service(service, down, os.environ.get("CONFIRM", "")))


@app.command()
def documents() -> None:
    """Write the documents that are made from the code, and name those that changed."""
    from local.appevents import documents as of_appevents
    from local.banking import alerts
    from local.banking import documents as of_banking
    from local.documents import write
    from local.relay import documents as of_relay

    further = {
        "appevents": of_appevents.further_documents,
        "banking": of_banking.further_documents,
        "relay": of_relay.further_documents,
    }
    root = Checkout().root
    for path in (*write(root, further), *alerts.write(root)):
        console.print(f"wrote {path}")


@app.command(name="admin-key")
def admin_key() -> None:
    """Make a key for the admin and print it, this once."""
    from local.banking.admin_key import new_admin_key
    from local.services.settings import secret_settings

    print(new_admin_key(secret_settings(Checkout())))


@app.command(name="rotate-feed-keys")
@explained
def rotate_feed_keys() -> None:
    """Have a new key sign feed access tokens."""
    from local.appevents.feed_keys import rotate_feed_keys as rotate

    console.print(f"{rotate(Checkout())} signs; the former key verifies for a day more.")


@app.command()
@explained
def recover(backup_time: str, reason: str) -> None:
    """Recover after a backup was restored, before anything is written."""
    from local.banking.recovering import recover as recover_database

    print(recover_database(Checkout(), backup_time, reason))


@app.command()
@explained
def find(text: str) -> None:
    """Show everything here that still holds a text, such as a person's name."""
    from local.appevents.object_store import client_of
    from local.finding.command import find as look
    from local.finding.command import shown

    found = look(Checkout(), text, client_of)
    console.print(shown(found), markup=False, soft_wrap=True)
    raise typer.Exit(int(any(place.kind != "remains" for place in found.places)))


@app.command()
@explained
def demo() -> None:
    """Watch a bank being served from its first customer to its last confirmation."""
    from local.banking.demo import run

    raise typer.Exit(run())


@app.command(name="relay-demo")
@explained
def relay_demo() -> None:
    """Watch three shops' events reach all platforms, while some of these fail."""
    from local.relay.demo import run

    raise typer.Exit(run())


@app.command(name="app-demo")
@explained
def app_demo() -> None:
    """Watch two users of the app, from a clip that is uploaded to what is said about it."""
    from local.appevents.demo import run

    raise typer.Exit(run())


@app.command()
@explained
def bench() -> None:
    """Measure, each figure beside its floor in the same run."""
    from local.appevents.bench import measurements as of_appevents
    from local.banking.bench import measurements as of_banking
    from local.banking.bench.console import measurements as of_console
    from local.bench.run import run
    from local.relay.bench import measurements as of_relay

    suites = [of_relay.suite(), of_appevents.suite(), of_banking.suite(), of_console.suite()]
    raise typer.Exit(run(suites))


@app.command(name="bench-deploy")
@explained
def bench_deploy() -> None:
    """Measure the packaged artifact."""
    from local.appevents.bench.artifact import run as of_appevents
    from local.banking.bench.artifact.run import run as of_banking

    runs = {"banking": of_banking, "appevents": of_appevents}
    wanted = os.environ.get("ONLY") or ",".join(runs)
    raise typer.Exit(max((runs[name]() for name in runs if name in wanted.split(",")), default=0))


@app.command()
@explained
def chaos(
    system: Annotated[str, typer.Option(help="banking, relay or appevents; all if left out")] = "",
    seed: Annotated[int | None, typer.Option(help="the first; new if left out")] = None,
    seeds: Annotated[int, typer.Option(min=0, help="how many, in a row")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="of load and faults, each seed")] = 40.0,
    sabotage: Annotated[str, typer.Option(help="break promises on purpose")] = "",
    kill_points: Annotated[bool, typer.Option(help="play every kill point, too, once")] = True,
) -> None:
    """Kill and cut everything under load, and let the ledger say what became of it."""
    from local.appevents.chaos import command as appevents
    from local.banking.chaos import command as banking
    from local.chaos.command import run
    from local.relay.chaos import command as relay

    suites = {"banking": banking.SUITE, "relay": relay.SUITE, "appevents": appevents.SUITE}
    if system and system not in suites:
        raise typer.BadParameter(f"must be one of {', '.join(suites)}", param_hint="--system")
    wanted = [suites[system]] if system else list(suites.values())
    chosen = [play for each in wanted if (play := each.plays(seconds, sabotage, kill_points))]
    if not chosen:
        raise typer.BadParameter(f"nothing breaks {sabotage}", param_hint="--sabotage")
    raise typer.Exit(run(seed, seeds, chosen))


@app.command(name="bench-peers")
@explained
def bench_peers() -> None:
    """Measure other ways to do the same beside ours."""
    from local.banking.bench.peers import run as of_banking
    from local.bench.peers.run import run
    from local.relay.bench.peers import run as of_relay

    raise typer.Exit(run({"banking": of_banking.compare, "relay": of_relay.compare}))


@app.command(context_settings=ANY_ARGUMENTS, add_help_option=False)
@explained
def consumer(context: typer.Context) -> None:
    """Run the reference consumer."""
    from local.banking.consumer import main

    raise typer.Exit(main(context.args))


@app.command(context_settings=ANY_ARGUMENTS, add_help_option=False)
@explained
def test(context: typer.Context) -> None:
    """Run pytest with the given arguments while the servers run; `-n 0` for one process."""
    command = [sys.executable, "-m", "pytest", "-n", "3", *context.args]
    with ensure_services():
        done = subprocess.run(command, check=False)
    raise typer.Exit(done.returncode)

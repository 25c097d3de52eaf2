"""The server process of `make deploy-local`: `python -m local.artifact.program`.

It runs the packaged migrations of each system. Then it serves all systems on the inherited sockets
until SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from fintegrate.settings import SettingsError
from local.artifact.control import control_api
from local.artifact.emulator.functions import FunctionDeployer, default_concurrency
from local.artifact.emulator.sandboxes import sandbox_maker, wanted_kind
from local.artifact.gateway_metrics import GatewayMetrics
from local.artifact.site import MigrationFailed, Site
from local.artifact.sites import Sites
from local.gateway.address_limit import AddressLimit
from local.machine.checkout import Checkout
from local.machine.log_file import keep_bounded
from local.serving.program import ReadyServer, configuration, end_with_parent


def by_port(port: int, there: ASGIApp, elsewhere: ASGIApp) -> ASGIApp:
    """Use one application on one port and another on all other ports."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = there if scope["server"][1] == port else elsewhere
        await chosen(scope, receive, send)

    return serve


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("local.artifact.program", description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="the gateway's socket")
    parser.add_argument("--control", type=int, required=True, help="the Invoke API's socket")
    parser.add_argument(
        "--template",
        type=Path,
        action="append",
        required=True,
        help="a system's packaged template; give it once a system, the first one first",
    )
    parser.add_argument("--ready", type=int, help="a pipe's number, written when serving")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin closes")
    parser.add_argument(
        "--log", type=Path, help="the log that this process writes and keeps bounded"
    )
    return parser.parse_args(argv)


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until asked to stop.

    Raises:
        MigrationFailed: the schema could not be brought up to date
    """
    metrics = GatewayMetrics()
    per_minute = int(os.environ.get("RATE_LIMIT_IP_PER_MINUTE", "100"))
    limits = defaultdict[str, AddressLimit](lambda: AddressLimit(per_minute))
    sites = Sites(_site_maker(metrics, limits))
    metrics.watch(sites.deployments)

    def malformed(address: str) -> int:
        """Count against every system's limit: what is no request says not whose it is."""
        return max((limit.refused_for(address) for limit in limits.values()), default=0)

    try:
        for template in arguments.template:
            await sites.replace(template)
        sockets = [socket.socket(fileno=arguments.socket), socket.socket(fileno=arguments.control)]
        control = control_api(sites, metrics)
        app = by_port(sockets[1].getsockname()[1], control, sites)
        server = ReadyServer(configuration(app, malformed), arguments.ready)
        if arguments.with_parent:
            end_with_parent(server)
        if arguments.log:
            keep_bounded(arguments.log)
        await server.serve(sockets=sockets)
    finally:
        await sites.close()


def _site_maker(
    metrics: GatewayMetrics, limits: Mapping[str, AddressLimit]
) -> Callable[[Path], Site]:
    """The function that makes a system's site.

    Each system limits client addresses separately, as its firewall does in AWS.
    """
    environment, checkout = os.environ, Checkout()
    deployer = FunctionDeployer(
        checkout=checkout,
        environment=environment,
        make_sandbox=sandbox_maker(wanted_kind(environment), checkout),
        concurrency=default_concurrency(environment),
        freeze=environment.get("LAMBDA_FREEZE", "on") != "off",
    )

    def make(template: Path) -> Site:
        deployment = deployer.deploy(template)
        return Site(
            deployment,
            limits[deployment.template.system],
            metrics,
            broker_url=environment.get("RABBITMQ_URL", ""),
            schedules=environment.get("SCHEDULER") != "off",
            environment=environment,
        )

    return make


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or on request until the parent ends."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(_arguments(argv)))
    except MigrationFailed as error:
        sys.exit(f"migration failed: {error}")
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

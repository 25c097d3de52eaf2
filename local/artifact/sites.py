"""The systems of one server process: finds the system for each request or invocation.

At `<system>.localhost` the whole API of a system is served, as AWS serves it. At any other host a
request goes to the first system that has the path. The paths of every package (`/health`,
`/openapi.json`) are therefore answered by the first system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import Receive, Scope, Send

from local.artifact.current_site import CurrentSite
from local.artifact.emulator.deployment import Deployment
from local.artifact.emulator.invocation import UnknownFunction
from local.artifact.package.template import read_template
from local.artifact.site import Site
from local.gateway.routes import path_of

OWN_HOST = ".localhost"


class Sites:
    """An ASGI application of all systems, in the order in which they were first served.

    Args:
        make: makes the site of a template
    """

    def __init__(self, make: Callable[[Path], Site]) -> None:
        self._make = make
        self._current: dict[str, CurrentSite] = {}

    async def replace(self, template: Path) -> None:
        """Serve the template's system from this template instead of the one before.

        Raises:
            MigrationFailed: the earlier site stays
        """
        system = read_template(template).system
        current = self._current.get(system) or CurrentSite(self._make)
        await current.replace(template)
        self._current[system] = current

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._current[self._system_of(scope)](scope, receive, send)

    def _system_of(self, scope: Scope) -> str:
        names = list(self._current)
        if len(names) == 1:
            return names[0]
        own = _host(scope).removesuffix(OWN_HOST)
        if own in self._current:
            return own
        path = path_of(scope)
        with_path = (name for name in names if self._current[name].site.has_path(path))
        return next(with_path, names[0])

    def deployments(self) -> Mapping[str, Deployment]:
        """The current functions of each system."""
        return {name: current.site.deployment for name, current in self._current.items()}

    def deployment_of(self, name: str) -> tuple[Deployment, str]:
        """The deployment that has a function, and the function's name in that deployment.

        Args:
            name: such as `banking/resend`, or `resend` when only one system has it

        Raises:
            UnknownFunction: no system has it, or several have it
        """
        wanted, _, function = name.rpartition("/")
        found = {
            system: deployment
            for system, deployment in self.deployments().items()
            if wanted in ("", system) and deployment.has(function)
        }
        if len(found) > 1:
            choices = " or ".join(f"{system}/{function}" for system in found)
            raise UnknownFunction(f"Several systems have {function}: say {choices}")
        if not found:
            raise UnknownFunction(f"Function not found: {name}; there are {self._functions()}")
        return next(iter(found.values())), function

    def _functions(self) -> str:
        return ", ".join(
            f"{system}/{function}"
            for system, deployment in self.deployments().items()
            for function in sorted(deployment.functions)
        )

    async def close(self) -> None:
        for current in self._current.values():
            await current.close()


def _host(scope: Scope) -> str:
    """The host that the client named, without its port."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    host = next((value for name, value in headers if name == b"host"), b"")
    return host.decode("latin-1").partition(":")[0].lower()

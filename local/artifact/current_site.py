"""Serves one system's artifact and replaces it by a newer one without losing a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from starlette.types import Receive, Scope, Send

from local.artifact.site import Site


class CurrentSite:
    """An ASGI application that passes each request to the newest site's gateway.

    Args:
        make: makes the site of a template
    """

    def __init__(self, make: Callable[[Path], Site]) -> None:
        self._make = make
        self._site: Site | None = None
        self._requests: dict[Site, int] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._replacing = asyncio.Lock()

    @property
    def site(self) -> Site:
        """The current site. It exists after the first `replace`."""
        assert self._site is not None
        return self._site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with the site that is current when the request arrives."""
        site = self.site
        self._requests[site] = self._requests.get(site, 0) + 1
        try:
            await site.gateway(scope, receive, send)
        finally:
            self._requests[site] -= 1

    async def replace(self, template: Path) -> None:
        """Open the template's site and switch to it. The old site closes after its last request.

        Raises:
            MigrationFailed: the old site stays
        """
        async with self._replacing:
            site = self._make(template)
            try:
                await site.open()
            except BaseException:
                await site.close()
                raise
            old, self._site = self._site, site
        if old is not None:
            task = asyncio.create_task(self._retire(old))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def _retire(self, site: Site) -> None:
        while self._requests.get(site, 0):
            await asyncio.sleep(0.05)
        await site.close()
        self._requests.pop(site, None)

    async def close(self) -> None:
        for task in self._retiring:
            task.cancel()
        if self._site is not None:
            await self._site.close()

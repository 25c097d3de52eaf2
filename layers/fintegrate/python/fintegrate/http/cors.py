"""Which web pages of other origins may read a system's answers (CORS).

Callers send their credentials in a header and never in a cookie, so no answer allows the credentials
mode. Without it a page knows no more than a program elsewhere. Leaves the answers to a preflight to the
gateway, which asks no function for them, and tells it what they say.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from fintegrate.settings import SettingsError

ANY = "*"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
READ_HEADERS = (
    *("Authorization", "Content-Type", "If-None-Match", "traceparent"),
    *("X-Client-Time", "X-Feed-Access", "X-Request-Id"),
)
"""What a page may send. An operator's `X-API-Key` is not for pages."""
TOLD_HEADERS = (
    *("Allow", "ETag", "Retry-After"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id"),
)
"""What a page may read of an answer, beside what every page may."""
KEPT_SECONDS = 7200
"""How long a browser may remember a preflight; Chromium keeps none for longer."""
NOTHING: Mapping[str, str] = MappingProxyType({})
_HOST = r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"([a-z][a-z0-9+.-]*)://{_HOST}(?::([1-9][0-9]{{0,4}}))?", re.ASCII)
_OWN_PORTS = {"http": "80", "https": "443"}


class Origins(NamedTuple):
    """The origins whose pages may read a system's answers."""

    listed: frozenset[str] = frozenset()
    has_any: bool = False

    def allow(self, origin: str | None) -> Mapping[str, str]:
        """The headers of an answer to a page of this origin, or to whoever names none."""
        if self.has_any:
            return {ALLOW_ORIGIN: ANY, **_TOLD}
        if not self.listed:
            return NOTHING
        # Caches must know it even of an answer to somebody else.
        return {"Vary": "Origin", **self._named(origin, _TOLD)}

    def preflight(self, origin: str | None, methods: Iterable[str]) -> Mapping[str, str]:
        """The headers of the answer to a preflight of a path that takes these methods."""
        said = {"Access-Control-Allow-Methods": ", ".join(sorted(methods)), **_PREFLIGHT}
        if self.has_any:
            return {ALLOW_ORIGIN: ANY, **said}
        return {"Vary": "Origin", **self._named(origin, said)} if self.listed else NOTHING

    def _named(self, origin: str | None, more: Mapping[str, str]) -> Mapping[str, str]:
        return {ALLOW_ORIGIN: origin, **more} if origin in self.listed and origin else NOTHING


_TOLD = {"Access-Control-Expose-Headers": ", ".join(TOLD_HEADERS)}
_PREFLIGHT = {
    "Access-Control-Allow-Headers": ", ".join(READ_HEADERS),
    "Access-Control-Max-Age": str(KEPT_SECONDS),
}


@lru_cache(16)
def read_origins(setting: str, text: str) -> Origins:
    """Read a setting that lists origins, separated by commas; `*` alone stands for any.

    Raises:
        SettingsError: one is no origin as browsers send it.
    """
    values = [value.strip() for value in text.split(",")] if text.strip() else []
    if values == [ANY]:
        return Origins(has_any=True)
    for value in values:
        if value == ANY:
            raise SettingsError(f"{setting}: * stands for any origin, so it must stand alone")
        if not _is_origin(value):
            raise SettingsError(
                f"{setting}: {value[:80]!r} is no origin; write scheme, host in lower case and, if it "
                "is not the scheme's own, port, such as https://app.example.com, without a path or "
                "a slash at the end"
            )
    return Origins(frozenset(values))


def _is_origin(value: str) -> bool:
    found = _ORIGIN.fullmatch(value)
    # Browsers leave the scheme's own port out, so one with it would never be met.
    return found is not None and (found[2] is None or _OWN_PORTS.get(found[1]) != found[2])

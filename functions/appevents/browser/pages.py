"""The two pages of app.events, and the files that they name.

A page's modules are joined into one script, because the gateway counts a browser's requests. Every
address in a page names the version of its file, so browsers keep the files and ask for the page alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from chalicelib.appevents.browser.joined_modules import join, text_of
from chalicelib.appevents.browser.read_offline_queue import offline_queue
from fintegrate.http.static_file import StaticFile, page, static_file

FOLDER = "pages"
_SHARED = ("network", "dom", "session", "telling", "shell")
SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "demo.js": (*_SHARED, "waiting", "outcomes", "send", "upload", "upload_card", "demo"),
        "feed.js": (*_SHARED, "comments", "post", "access", "feed"),
    }
)
"""The modules of each page, each after those that it imports."""
PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "theme.js": "text/javascript; charset=utf-8",
        "page.css": "text/css; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
)
"""Files that are served as they are, and their types."""
_OWN = "'self'"


@cache
def files() -> Mapping[str, StaticFile]:
    """The files that pages name, by name."""
    scripts = {
        name: _file(_script(modules), PLAIN["theme.js"]) for name, modules in SCRIPTS.items()
    }
    return {**scripts, **{name: _file(_text(name), kind) for name, kind in PLAIN.items()}}


@cache
def page_of(name: str, store: str) -> StaticFile:
    """A page.

    Args:
        store: the origin of the object store, or "" without one. A page sends videos there, and shows
            them.
    """
    text = _text(f"{name}.html")
    for file, known in files().items():
        text = text.replace(f'="{file}"', f'="{file}?v={known.version}"')
    allowed = {
        "script-src": _OWN,
        "style-src": _OWN,
        "connect-src": store,
        "img-src": f"{_OWN} {store}",
        "media-src": store,
    }
    return page(text, allowed)


def _file(text: str, media_type: str) -> StaticFile:
    return static_file(text, {"Content-Type": media_type})


def _script(modules: tuple[str, ...]) -> str:
    name = "./offline-queue.js"
    return join(modules, FOLDER).replace(f'"{name}"', f'"{name}?v={offline_queue().version}"')


def _text(name: str) -> str:
    return text_of(f"{FOLDER}/{name}")

"""GET /app/offline-queue.js: the module with which a page keeps its events until they are taken."""

from __future__ import annotations

from functools import cache

from chalicelib.appevents.browser import joined_modules
from chalicelib.appevents.browser.blueprint import browser
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.http.static_file import StaticFile, Versioned, static_file

endpoint = endpoint_of("notification")


@browser.route("/app/offline-queue.js", methods=["GET"])
@endpoint(
    Versioned, access=Access.PUBLIC, media_type="text/javascript; charset=utf-8", versioned=True
)
def read_offline_queue(call: Call[Versioned]) -> Answer:
    """The browser's offline queue.

    An ES module without dependencies. Browsers ask for it again each time, and get 304 while it is the
    same; with its version in `v` they keep it for a year.
    """
    return offline_queue().answer(call.body.v)


@cache
def offline_queue() -> StaticFile:
    """The module and its version."""
    return static_file(joined_modules.join(joined_modules.OFFLINE_QUEUE))

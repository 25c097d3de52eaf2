"""GET /app/demo, /app/feed, /app/{file}: the two pages of app.events, and the files that they name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.appevents.browser.blueprint import browser
from chalicelib.appevents.browser.pages import files, page_of
from chalicelib.appevents.video.object_store import signer_of
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.static_file import Versioned
from fintegrate.http.validation import Described, RequestModel
from fintegrate.settings import SettingsError

endpoint = endpoint_of("notification")
HTML = "text/html; charset=utf-8"


class FilePath(RequestModel):
    """The name of a file in the path."""

    file: Annotated[str, Field(max_length=40), Described("A file that a page names", "page.css")]


@browser.route("/app/demo", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type=HTML, versioned=True)
def read_demo(_call: Call[Nothing]) -> Answer:
    """The page that shows the offline queue: send, go offline, come back, upload a video."""
    return page_of("demo", _store()).answer()


@browser.route("/app/feed", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type=HTML, versioned=True)
def read_feed(_call: Call[Nothing]) -> Answer:
    """The page that shows feeds: watch, like, comment, open a feed with a passcode."""
    return page_of("feed", _store()).answer()


@browser.route("/app/{file}", methods=["GET"])
@endpoint(
    Versioned,
    path=FilePath,
    access=Access.PUBLIC,
    media_type="*/*",
    versioned=True,
    looks_up=True,
)
def read_file(call: Call[Versioned]) -> Answer:
    """A script, the style or the picture of the pages.

    With its version in `v` a browser keeps it for a year.
    """
    known = files().get(call.path.file)
    if known is None:
        raise NotFound("No such file; the pages are /app/demo and /app/feed")
    return known.answer(call.body.v)


def _store() -> str:
    """The origin of the object store; without a store nothing is uploaded or watched."""
    try:
        return signer_of(parts().settings).origin
    except SettingsError:
        return ""

"""GET /console and /console/assets/{name}: the page, and the files that it names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.console.blueprint import console
from chalicelib.console.files import assets, page
from chalicelib.console.wiring import endpoint, parts
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.validation import Described, RequestModel

HTML = "text/html; charset=utf-8"


class AssetPath(RequestModel):
    """The name of a file in the path."""

    name: Annotated[str, Field(max_length=64), Described("A file that the page names", "icon.svg")]


@console.route("/console", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type=HTML, versioned=True)
def read_console(_call: Call[Nothing]) -> Answer:
    """The console: one page for the operator and for the bank.

    Public, because it holds no data: signing in is the page's first step.
    """
    return page(is_local=parts().stage == "local").answer()


@console.route("/console/assets/{name}", methods=["GET"])
@endpoint(
    Nothing,
    path=AssetPath,
    access=Access.PUBLIC,
    media_type="*/*",
    versioned=True,
    looks_up=True,
)
def read_asset(call: Call[Nothing]) -> Answer:
    """A script, the style or a picture of the page.

    Browsers keep a file whose name has its hash for a year.
    """
    found = assets().get(call.path.name)
    if found is None:
        raise NotFound("There is no such file")
    return found.answer()

"""GET /docs: the API as a page for people to read and try."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from chalicelib.operations.blueprint import operations
from chalicelib.operations.wiring import endpoint
from fintegrate import openapi
from fintegrate.http.endpoint import Access, Answer, Call, Nothing

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@operations.route("/docs", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC, media_type="text/html; charset=utf-8")
def read_docs(_call: Call[Nothing]) -> Answer:
    """The page for people.

    One page that lists the endpoints of `/openapi.json` and tries them; it works without internet.
    """
    page, policy = _page()
    return Answer(
        page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    )


@cache
def _page() -> tuple[str, str]:
    """The page, and the policy that allows only the page's own script and style.

    Source: https://www.w3.org/TR/CSP3/
    """
    page = Path(openapi.__path__[0], "docs.html").read_text(encoding="utf-8")
    hashes = {tag: _hash(text) for tag, text in _INLINE.findall(page)}
    return page, (
        f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

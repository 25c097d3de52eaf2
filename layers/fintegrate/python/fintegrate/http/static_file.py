"""Files that are the same for everybody: their answer, what browsers may keep of them, and their policy.

A file's version is the hash of its text. Browsers ask for the file again each time, and get 304 while it
is the same. Under an address that names the version they keep it for a year without asking. Leaves the
comparison of versions to the endpoint, and the reading of the text to its caller.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field

from fintegrate.http.endpoint import Answer
from fintegrate.http.validation import Described, RequestModel

ASK_EACH_TIME = "public, no-cache"
KEEP = "public, max-age=31536000, immutable"
"""Source: https://www.rfc-editor.org/rfc/rfc8246"""
NONE = "'none'"
"""The source that allows nothing."""
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
_INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1>", re.DOTALL)


class Versioned(RequestModel):
    """What a request for such a file may say."""

    v: Annotated[
        str | None,
        Field(pattern="^[A-Za-z0-9_-]{1,64}$"),
        Described("The file's version: then the answer may be kept for a year", None),
    ] = None


class StaticFile(NamedTuple):
    """A file and its version."""

    text: str
    version: str
    headers: Mapping[str, str]

    def answer(self, version: str | None = None) -> Answer:
        """The answer to a request that names this version, or none."""
        kept = KEEP if version == self.version else ASK_EACH_TIME
        # Weak, because the gateway compresses the same text for some (RFC 9110, 8.8.1).
        tag = f'W/"{self.version}"'
        return Answer(self.text, headers={"Cache-Control": kept, "ETag": tag, **self.headers})


def static_file(text: str, headers: Mapping[str, str] = NOTHING_MORE) -> StaticFile:
    """The file of this text."""
    digest = hashlib.sha256(text.encode()).digest()
    version = base64.urlsafe_b64encode(digest[:12]).decode()
    return StaticFile(text, version, headers)


def page(text: str, allowed: Mapping[str, str] = NOTHING_MORE) -> StaticFile:
    """A page of HTML that runs only its own script and style.

    Args:
        allowed: directive of the policy → further sources, such as `{"script-src": "'self'"}`
    """
    policy = content_policy(text, allowed)
    return static_file(text, {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def content_policy(text: str, allowed: Mapping[str, str] = NOTHING_MORE) -> str:
    """The policy that allows only what stands in the page itself, and what is named here.

    Source: https://www.w3.org/TR/CSP3/
    """
    directives = {
        "default-src": NONE,
        "script-src": _hashes("script", text),
        "style-src": _hashes("style", text),
        "connect-src": "'self'",
        "base-uri": NONE,
        "form-action": NONE,
        "frame-ancestors": NONE,
    }
    for name, sources in allowed.items():
        directives[name] = f"{directives.get(name, '')} {sources}".strip()
    return "; ".join(f"{name} {sources or NONE}" for name, sources in directives.items())


def _hashes(tag: str, text: str) -> str:
    found = (content for name, content in _INLINE.findall(text) if name == tag and content.strip())
    return " ".join(f"'sha256-{_digest(content)}'" for content in found)


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

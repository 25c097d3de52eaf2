"""GET /docs: one page that needs nothing else and lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from chalicelib import systems
from tests.integration.operations.pages import Page, get


@pytest.fixture
def page(parts: object) -> Page:
    return get("/docs")


def test_page_is_html_for_anybody(page: Page) -> None:
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    assert page.headers["X-Request-Id"]


def test_page_loads_nothing_from_elsewhere(page: Page) -> None:
    assert not re.search(r"""(?:src|href|action)\s*=|@import|url\(|https?://""", static_part(page))


def test_policy_allows_only_own_script(page: Page) -> None:
    policy = dict(
        directive.split(" ", 1) for directive in page.headers["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["script-src"] == digest_of("script", page)
    assert policy["style-src"] == digest_of("style", page)
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_page_escapes_data_and_forgets_keys(page: Page) -> None:
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    kept = ("localStorage", "sessionStorage", "document.cookie", "indexedDB")

    assert [word for word in (*forbidden, *kept) if word in page.text] == []


def test_page_takes_every_schemes_credentials(page: Page) -> None:
    known = set(re.findall(r"^  (\w+): \(scheme, value\)", page.text, re.MULTILINE))
    served = [o for system in systems.served() for o in system.description().schemes.values()]

    assert served
    assert {o.get("scheme", o["type"]) for o in served} <= known


def static_part(page: Page) -> str:
    """The page without its script, which makes links inside the page."""
    return re.sub(r"<script>.*?</script>", "", page.text, flags=re.DOTALL)


def digest_of(tag: str, page: Page) -> str:
    """The hash that a browser compares.

    Source: https://www.w3.org/TR/CSP3/#match-element-to-source-list
    """
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

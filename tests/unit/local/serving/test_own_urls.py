"""A server tells its functions the addresses at which they call themselves."""

from __future__ import annotations

from app import app
from local.serving.server import OWN_URLS, with_own_urls


def test_own_urls_are_paths_of_the_api() -> None:
    assert set(OWN_URLS.values()) <= app.routes.keys()


def test_chosen_address_wins_over_own() -> None:
    (name,) = OWN_URLS

    assert with_own_urls({}, "http://here")[name].startswith("http://here/")
    assert with_own_urls({name: "http://there"}, "http://here")[name] == "http://there"

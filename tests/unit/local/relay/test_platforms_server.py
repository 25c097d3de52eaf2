"""Which hosts the functions may send to on this machine."""

from __future__ import annotations

from local.relay.platforms_server import settings_naming

URL = "http://127.0.0.1:23456"


def test_platforms_are_added_to_allowed_hosts() -> None:
    own = settings_naming(URL, {"RELAY_ALLOW_HOSTS": "127.0.0.1:9000"})

    assert own["RELAY_ALLOW_HOSTS"] == "127.0.0.1:9000,127.0.0.1:23456"
    assert settings_naming(URL, {})["RELAY_ALLOW_HOSTS"] == "127.0.0.1:23456"


def test_other_stages_may_not_send_here() -> None:
    assert settings_naming(URL, {"STAGE": "prod"}) == {}

"""Which banks the functions may call on this machine."""

from __future__ import annotations

from local.banking.webhook_addresses import CONSUMER, DEMO, port_of, settings_allowing, url_at
from local.machine.checkout import Checkout


def test_called_banks_are_added_to_allowed_hosts() -> None:
    checkout = Checkout()
    ports = [port_of(checkout, name) for name in (CONSUMER, DEMO)]
    banks = [f"127.0.0.1:{port}" for port in ports]

    own = settings_allowing(checkout, {"WEBHOOK_ALLOW_HOSTS": "127.0.0.1:9000"})

    assert own["WEBHOOK_ALLOW_HOSTS"].split(",") == ["127.0.0.1:9000", *banks]
    assert settings_allowing(checkout, {}) == {"WEBHOOK_ALLOW_HOSTS": ",".join(banks)}
    assert url_at(ports[0]) == f"http://{banks[0]}/events"
    assert len(set(ports)) == 2


def test_other_stages_may_not_call_here() -> None:
    assert settings_allowing(Checkout(), {"STAGE": "prod"}) == {}

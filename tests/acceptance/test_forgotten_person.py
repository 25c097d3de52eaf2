"""One person whom all systems know: each forgets by its public way, then nothing here tells of them.

All systems are served from one process on servers of these tests' own, so that everything may be looked
through. Their schedules run all the time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import httpx
import pytest

from chalicelib.banking.events.topology import queue_name
from local.appevents.object_store import client_of
from local.appevents.tokens import make_token
from local.banking.client import onboard
from local.finding.command import find
from local.finding.places import Found, Wanted
from local.finding.servers import find_in_queues
from local.services.databases import create_database, drop_database, system_databases, with_users
from local.services.running import RunningServices
from local.services.settings import RECORD, settings_environment
from local.serving.server import start_server
from tests.support.api import Api, over_http
from tests.support.banking import Bank
from tests.support.broker import drain
from tests.support.databases import migrate
from tests.support.fixtures import UNLIMITED
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import eventually

FIRST, LAST = "Ottilie", "Quandt"
NAME, EMAIL = f"{FIRST} {LAST}", f"{FIRST}.{LAST}@example.com".lower()
HASHES = [sha256(text.lower().encode()).hexdigest() for text in (EMAIL, LAST)]
"""The relay keeps match keys: no name, but what whoever has a name can find."""
ASKED = {"reason": "ticket 4711"}
ERASE_USER = "/api/v1/users/erase"
PATIENCE = 120.0
"""Seconds; all schedules of all systems share this machine with the test."""


class World(NamedTuple):
    """What is served, and its callers: an operator, a bank, a shop's systems and a user of the app."""

    services: RunningServices
    receiver: Receiver
    admin: Api
    bank: Bank
    relay: Api
    shop: Api
    app: Api
    user_id: str

    def found(self, text: str) -> set[str]:
        """The kinds of places that hold a text, each with its database, table or file."""
        places = find(self.services._checkout, text, client_of).places
        # What servers have deleted and not yet written over may stay: docs/banking/operations.md.
        return {f"{place.kind} {place.name}" for place in places if place.kind != "remains"}

    def unread(self) -> list[str]:
        """The queues with messages, into which nobody can look; the operator's own tells of banks."""
        found, management = Found(), self.services.urls.rabbitmq_management_url
        find_in_queues(management, Wanted(NAME), found)
        return [said for said in found.left_out if queue_name("system_default") not in said]


@pytest.fixture(scope="module")
def environment(
    own_services: RunningServices, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The settings of all systems, with empty databases."""
    urls, own = own_services.urls, dict[str, str]()
    databases = {each.setting: f"forgotten_{each.name}" for each in system_databases()}
    for setting, name in databases.items():
        own |= with_users(urls, create_database(urls, name), setting)
    record = tmp_path_factory.mktemp("record") / "it"
    environment = settings_environment(
        urls,
        **own,
        **UNLIMITED,
        **{RECORD: f"file://{record}"},
        SCHEDULER="5",
        STAGE="local",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
    )
    migrate(environment)
    yield environment
    for name in databases.values():
        drop_database(urls, name)


@pytest.fixture
def world(own_services: RunningServices, environment: dict[str, str]) -> Iterator[World]:
    log = own_services._checkout.folder("log") / "forgotten.log"
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        settings = {**environment, "RELAY_ALLOW_HOSTS": receiver.allowed}
        server = stack.enter_context(
            start_server(settings, output=stack.enter_context(log.open("w")))
        )
        client = stack.enter_context(httpx.Client(base_url=server.base_url, timeout=60))
        admin = Api(settings["ADMIN_API_KEY"], send=over_http(client))
        tenant = onboard(lambda path, body: made(admin, path, **body), "forgetting_bank")
        user_id = str(uuid.uuid4())
        yield World(
            own_services,
            receiver,
            admin,
            Bank(tenant.consumer_id, tenant.name, admin.with_key(tenant.key)),
            _login(admin, settings, "ADMIN"),
            _login(admin, settings, "INGEST"),
            Api(None, send=admin.send, token=make_token(settings, user_id, 1)),
            user_id,
        )


def _login(api: Api, settings: dict[str, str], name: str) -> Api:
    login = settings[f"RELAY_{name}_USER"], settings[f"RELAY_{name}_PASSWORD"]
    return Api(None, send=api.send, login=login)


def made(api: Api, path: str, **body: Any) -> dict[str, Any]:
    reply = api.post(path, **body)
    assert reply.succeeded, reply
    return reply.data


def known_to_banking(world: World) -> str:
    """A customer with tags and a snapshot, whose events the bank has read; its id."""
    customer_id = world.bank.create_customer(NAME)
    whose = {"customer_id": customer_id}
    made(world.bank.api, "/customer/tag", **whose, tag_keys=["mail"], tag_values=[EMAIL])
    made(world.bank.api, "/customer/analytics", **whose)
    changed = world.bank.api.patch("/customer/change-status", **whose, status="INACTIVE")
    assert changed.succeeded, changed
    return customer_id


def known_to_relay(world: World) -> None:
    """An order with the person's match keys, which a destination has got."""
    shop = made(world.relay, "/admin/v1/storefronts", storefront_id="bosley", name="Bosley")
    platforms = world.relay.get("/admin/v1/platforms").data["platforms"]
    (webhook,) = (each["id"] for each in platforms if each["platform_code"] == "webhook")
    place = {"storefront_id": shop["id"], "platform_id": webhook}
    url = {"url": world.receiver.url}
    made(world.relay, "/admin/v1/credentials", **place, credentials={}, settings=url)
    order = {
        "storefront_id": "bosley",
        "event_name": "purchase_completed",
        "event_time": "2026-11-27T10:00:00Z",
        "order_id": "4711",
        "order_revenue": 80.79,
        "user": {"first_name": FIRST, "last_name": LAST, "email": EMAIL},
        "client": {"ip_address": "203.0.113.9", "user_agent": NAME},
    }
    made(world.shop, "/v1/events", data=[order])
    eventually(lambda: world.receiver.got, "the order reaches its destination", PATIENCE)


def known_to_app(world: World) -> None:
    """A user who has told its name to every service."""
    told = {
        "machine.note.saved": {"machine_id": "m", "body": NAME},
        "user.settings.submitted": {"display_name": NAME},
        "program.created": {"name": f"{NAME}'s", "description": NAME},
        "dm.conversation.started": {"participant_ids": [str(uuid.uuid4())]},
    }
    ids = {kind: tell(world, kind, said) for kind, said in told.items()}
    talk = {"conversation_id": ids["dm.conversation.started"], "body": f"I am {NAME}"}
    last = tell(world, "dm.message.sent", talk)
    video = {"filename": f"{NAME}.mp4", "title": NAME, "content_type": "video/mp4", "size_bytes": 9}
    made(world.app, "/api/v1/videos", client_generated_id=str(uuid.uuid4()), **video)
    for event_id in (*ids.values(), last):
        eventually(partial(_outcome, world, event_id), event_id, PATIENCE)


def _outcome(world: World, event_id: str) -> object:
    return world.app.get(f"/api/v1/notify/events/{event_id}").data["outcome"]


def tell(world: World, event_type: str, data: dict[str, Any]) -> str:
    event_id = str(uuid.uuid4())
    at = {"client_generated_id": event_id, "timestamp": "2026-11-27T10:00:00Z"}
    made(world.app, "/api/v1/notify/events", event_type=event_type, data=data, **at)
    return event_id


def test_nothing_tells_of_a_forgotten_person(world: World, rabbitmq_url: str) -> None:
    """What may stay is in no table, object, key, log or file: see `World.found`."""
    customer_id = known_to_banking(world)
    known_to_relay(world)
    known_to_app(world)
    before = {place.split()[1].removeprefix("forgotten_") for place in world.found(FIRST)}
    assert before >= {
        "fintegrate",
        "notify_db",
        "video_db",
        "settings_db",
        "program_db",
        "dm_db",
        "machine_db",
    }
    assert world.found(HASHES[0])

    made(world.bank.api, "/customer/erase", customer_id=customer_id, **ASKED)
    made(world.relay, "/admin/v1/erase", email=EMAIL)
    made(world.admin, ERASE_USER, user_id=world.user_id, **ASKED)
    drain(rabbitmq_url, world.bank.name)  # the bank reads; what nobody reads ends after a day

    told = lambda: world.admin.get(ERASE_USER, user_id=world.user_id).data  # noqa: E731
    eventually(lambda: told()["is_finished"], lambda: str(told()), PATIENCE)
    erasures = world.bank.api.get("/customer/erasures").data["erasures"]
    assert [each["finished_at"] is not None for each in erasures] == [True]
    eventually(lambda: world.unread() == [], lambda: str(world.unread()), PATIENCE)
    assert [world.found(each) for each in (FIRST, *HASHES)] == [set()] * (1 + len(HASHES))

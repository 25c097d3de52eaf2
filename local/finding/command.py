"""Looks for a text in everything that a checkout keeps, and says what was not looked into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from local.finding.files import find_in_files
from local.finding.places import Found, Wanted
from local.finding.servers import find_in_objects, find_in_queues, find_in_redis
from local.finding.tables import databases_of, find_in_tables
from local.machine.checkout import Checkout
from local.services.databases import address_of
from local.services.running import ensure_services
from local.services.settings import settings_environment

SHORTEST = 3
STORES = ("OBJECT_STORE", "BANK_STORE")
"""What the settings of each object store begin with."""
SERVERS_OWN = ("postgresql", "rabbitmq/data", "redis", "objects")
NEVER = (
    "what is compressed, sealed or hashed: media, fields sealed with APP_KEYS or RELAY_KEYS, match keys",
    "backups, other machines, and what left this one: a bank's own database, a platform's",
)
SECTIONS = {
    "table": ("Tables", "rows"),
    "queue": ("Queues, in their names and arguments", "times"),
    "object": ("Objects", "times"),
    "key": ("Keys of Redis", "times"),
    "file": ("Files and logs", "times"),
    "remains": ("Remains in files of the servers, until they write over them", "times"),
}


class TooShort(Exception):
    """The text would be found everywhere."""


class StoreOf(Protocol):
    """Makes boto3's client of the store whose settings begin with `store`."""

    def __call__(self, settings: Mapping[str, str], *, store: str) -> Any: ...


def find(checkout: Checkout, text: str, store_of: StoreOf) -> Found:
    """Look everywhere; starts the servers if they do not run.

    Raises:
        TooShort: the text has fewer than three characters.
    """
    if len(text.strip()) < SHORTEST:
        raise TooShort(f"say what to look for, in at least {SHORTEST} characters: make find NAME=…")
    wanted, found = Wanted(text.strip()), Found()
    with ensure_services(checkout) as services:
        urls = services.urls
        for name in databases_of(urls.database_url):
            find_in_tables(address_of(urls.database_url, name), name, wanted, found)
        find_in_queues(urls.rabbitmq_management_url, wanted, found)
        find_in_redis(urls.redis_url, wanted, found)
        find_in_stores(settings_environment(urls, checkout), store_of, wanted, found)
        own = [checkout.state / each for each in SERVERS_OWN]
        find_in_files(checkout.state, own, wanted, found)
    found.left_out.extend(NEVER)
    return found


def find_in_stores(
    settings: Mapping[str, str], store_of: StoreOf, wanted: Wanted, found: Found
) -> None:
    """Look into the bucket of each store that the settings name."""
    for store in STORES:
        if bucket := settings.get(f"{store}_BUCKET"):
            find_in_objects(store_of(settings, store=store), bucket, wanted, found)
        else:
            found.left_out.append(f"the bucket of {store}_…: no setting names one")


def shown(found: Found) -> str:
    """What was found, section by section, and what was not looked into."""
    lines: list[str] = []
    for kind, (title, unit) in SECTIONS.items():
        lines.append(f"{title}:")
        places = [place for place in found.places if place.kind == kind]
        lines.extend(f"  {place.name}   {place.times} {unit}" for place in places)
        lines.extend([] if places else ["  nothing"])
    lines.append("Not looked into:")
    lines.extend(f"  {each}" for each in found.left_out)
    return "\n".join(lines)

"""Looks for a text in everything that a checkout keeps, and says what was not looked into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.finding.files import find_in_files
from local.finding.places import Found, Wanted
from local.finding.servers import find_in_objects, find_in_queues, find_in_redis
from local.finding.tables import databases_of, find_in_tables
from local.machine.checkout import Checkout
from local.services.databases import address_of
from local.services.running import ensure_services
from local.services.settings import settings_environment

SHORTEST = 3
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


def find(checkout: Checkout, text: str, store_of: Callable[[Mapping[str, str]], Any]) -> Found:
    """Look everywhere; starts the servers if they do not run. `store_of` makes boto3's client.

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
        settings = settings_environment(urls, checkout)
        find_in_objects(store_of(settings), settings["OBJECT_STORE_BUCKET"], wanted, found)
        own = [checkout.state / each for each in SERVERS_OWN]
        find_in_files(checkout.state, own, wanted, found)
    found.left_out.extend(NEVER)
    return found


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

"""What Redis, an object store and a broker hold.

A broker's queues are counted and not read. RabbitMQ gives a message to a consumer only: that would count
as a delivery, at twenty of which a message dies, and could change the order; `basic.get` is refused by
queues with a single active consumer. What a queue holds on the disk is found among the broker's files.
"""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from local.finding.places import Found, Place, Wanted

SECONDS = 10
LARGEST_OBJECT = 512 * 1024 * 1024
_READ: Mapping[bytes, Callable[[Any, bytes], Iterable[bytes | None]]] = {
    b"string": lambda redis, key: [redis.get(key)],
    b"hash": lambda redis, key: [each for pair in redis.hgetall(key).items() for each in pair],
    b"list": lambda redis, key: redis.lrange(key, 0, -1),
    b"set": lambda redis, key: redis.smembers(key),
    b"zset": lambda redis, key: redis.zrange(key, 0, -1),
    b"stream": lambda redis, key: [repr(redis.xrange(key)).encode()],
    b"none": lambda _redis, _key: [],
}
"""How the content of each type is read; `none` is a key that has just gone."""


def find_in_redis(url: str, wanted: Wanted, found: Found) -> None:
    """Look at the names and values of all keys, of all databases of a server."""
    import redis

    for number in _redis_databases(url):
        address = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
        with closing(redis.Redis.from_url(address, socket_timeout=SECONDS)) as client:
            for key in map(bytes, client.scan_iter(count=1000)):
                count = _count_of_key(client, key, wanted, found)
                if count:
                    name = f"{number} {key.decode(errors='replace')}"
                    found.places.append(Place("key", name, count))


def _count_of_key(client: Any, key: bytes, wanted: Wanted, found: Found) -> int:
    kind = client.type(key)
    if kind not in _READ:
        found.left_out.append(f"key of Redis {key!r}: of the type {kind!r}")
        return wanted.count_in(key)
    content = (each for each in _READ[kind](client, key) if each is not None)
    return wanted.count_in(key) + sum(wanted.count_in(each) for each in content)


def _redis_databases(url: str) -> list[int]:
    import redis

    with closing(redis.Redis.from_url(url, socket_timeout=SECONDS)) as client:
        return [int(name.removeprefix("db")) for name in client.info("keyspace")]


def find_in_objects(client: Any, bucket: str, wanted: Wanted, found: Found) -> None:
    """Look at the keys and contents of all objects of a bucket; `client` is boto3's.

    What ends in `.gz` is unpacked.
    """
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", ()):
            key, count = each["Key"], wanted.count_in(each["Key"].encode())
            if each["Size"] > LARGEST_OBJECT:
                found.left_out.append(f"object {bucket} {key}: larger than {LARGEST_OBJECT} bytes")
            else:
                body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
                try:
                    count += wanted.count_in(gzip.decompress(body) if key.endswith(".gz") else body)
                except (OSError, EOFError, zlib.error):
                    found.left_out.append(f"object {bucket} {key}: not readable as gzip")
            if count:
                found.places.append(Place("object", f"{bucket} {key}", count))


def find_in_queues(management_url: str, wanted: Wanted, found: Found) -> None:
    """Name the queues of all virtual hosts that hold messages, and look at the queues' own facts."""
    for queue in _queues(management_url):
        name = f"{queue['vhost']} {queue['name']}"
        count = wanted.count_in(json.dumps(queue, ensure_ascii=False).encode())
        if count:
            found.places.append(Place("queue", name, count))
        if queue.get("messages"):
            found.left_out.append(f"queue {name}: {queue['messages']} messages, not read")


def _queues(management_url: str) -> list[dict[str, Any]]:
    parts = urlsplit(management_url)
    pair = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(make(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        connection.request("GET", "/api/queues", headers={"Authorization": f"Basic {pair}"})
        found: list[dict[str, Any]] = json.load(connection.getresponse())
        return found

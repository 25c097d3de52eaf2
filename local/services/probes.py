"""One real round trip to each server, for readiness; the drivers' own errors are the answer."""

from __future__ import annotations

import logging
import socket

import httpx
import pika
import psycopg2
import redis

from fintegrate.storage.signing import Credentials, Signer
from local.machine.environment import may_use_proxy

TIMEOUT_SECONDS = 2
# While a broker starts, pika logs every refused attempt as an error; here refusals are expected.
logging.getLogger("pika").setLevel(logging.CRITICAL)


def postgresql(url: str) -> None:
    """Log in and run a statement."""
    connection = psycopg2.connect(url, connect_timeout=TIMEOUT_SECONDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def rabbitmq(url: str, management_url: str) -> None:
    """Log in through AMQP and through the management API."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = TIMEOUT_SECONDS
    parameters.stack_timeout = TIMEOUT_SECONDS
    # pika leaves its socket open when it is refused; while a broker starts it mostly is.
    socket.create_connection((parameters.host, parameters.port), TIMEOUT_SECONDS).close()
    pika.BlockingConnection(parameters).close()
    management(management_url)


def management(url: str) -> None:
    """Ask the management API for the node's overview."""
    answer = httpx.get(f"{url}/api/overview", timeout=TIMEOUT_SECONDS, trust_env=may_use_proxy(url))
    answer.raise_for_status()


def cache(url: str) -> None:
    """Log in and ping."""
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS)
    try:
        client.ping()
    finally:
        client.close()


def objects(url: str, region: str, bucket: str, access_key: str, secret_key: str) -> None:
    """Look at the bucket, and make it if there is none."""
    credentials = Credentials(access_key, secret_key)
    signer = Signer(url, region, bucket, lambda: credentials)

    def ask(method: str) -> httpx.Response:
        asked = signer.presigned(method, "", 60).url
        proxied = may_use_proxy(url)
        return httpx.request(method, asked, timeout=TIMEOUT_SECONDS, trust_env=proxied)

    answer = ask("HEAD")
    if answer.status_code == httpx.codes.NOT_FOUND:
        answer = ask("PUT")
    answer.raise_for_status()

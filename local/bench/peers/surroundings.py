"""Describes where the figures were measured: machine, servers, packages and date."""

from __future__ import annotations

import os
import platform
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version

import httpx
import psutil
import psycopg2

from local.bench.peers.virtualenv import REQUIREMENTS
from local.machine.environment import may_use_proxy
from local.services.urls import ServiceUrls


def surroundings(urls: ServiceUrls) -> dict[str, str]:
    """The name and version of each."""
    peers = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB",
        "python": platform.python_version(),
        "postgresql": _postgresql(urls.database_url),
        "rabbitmq": _rabbitmq(urls.rabbitmq_management_url),
        "ours": f"pika {version('pika')}, psycopg2 {version('psycopg2-binary')}",
        "peers": ", ".join(line for line in peers if line and not line.startswith("#")),
    }


def _postgresql(url: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
        assert row is not None
        return str(row[0])


def _rabbitmq(management_url: str) -> str:
    trusts = may_use_proxy(management_url)
    answer = httpx.get(f"{management_url}/api/overview", timeout=10, trust_env=trusts)
    return str(answer.raise_for_status().json()["rabbitmq_version"])

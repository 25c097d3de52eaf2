"""Where the servers of a checkout listen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceUrls:
    """The addresses, each with user and password.

    Attributes:
        database_url: a database of the server, with the user who makes and removes others
        databases: variable → each system's database, with one of its users
        servers: variable → every other server
    """

    database_url: str
    databases: Mapping[str, str]
    servers: Mapping[str, str]

    @property
    def rabbitmq_url(self) -> str:
        return self.servers["RABBITMQ_URL"]

    @property
    def rabbitmq_management_url(self) -> str:
        return self.servers["RABBITMQ_MANAGEMENT_URL"]

    @property
    def redis_url(self) -> str:
        return self.servers["REDIS_URL"]

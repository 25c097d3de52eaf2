"""The tenants of a fault run. Each has its consumer's store and a record of its deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.banking import client
from local.banking.client import Client


@dataclass(frozen=True, slots=True)
class Tenant(client.Tenant):
    """One tenant. `store` is its consumer's SQLite file.

    `deliveries` records what came from its queue, `calls` what came by webhook.
    """

    store: Path
    deliveries: Path
    calls: Path


def onboard(base_url: str, admin_key: str, name: str, folder: Path) -> Tenant:
    """Create a tenant before any fault happens. Its files are in the folder.

    Raises:
        CallFailed: the API refuses
    """
    with Client(base_url, admin_key) as admin:
        return in_folder(client.onboard(admin.post, name), folder)


def in_folder(tenant: client.Tenant, folder: Path) -> Tenant:
    """The tenant with its files."""
    return Tenant(
        tenant.name,
        tenant.consumer_id,
        tenant.key,
        store=folder / f"{tenant.name}.sqlite3",
        deliveries=folder / f"{tenant.name}.deliveries.jsonl",
        calls=folder / f"{tenant.name}.calls.jsonl",
    )

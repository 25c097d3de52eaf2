"""The tenants of a chaos run: each a consumer of Fintegrate with its key, its store, its witness."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant; `store` is its consumer's SQLite file, `deliveries` what its queue handed out."""

    name: str
    consumer_id: str
    key: str = field(repr=False)
    store: Path
    deliveries: Path


def onboard(base_url: str, admin_key: str, name: str, folder: Path) -> Tenant:
    """Create a consumer with its queues and its key, before anything goes wrong.

    Raises:
        httpx.HTTPStatusError: the API refuses
    """
    with httpx.Client(base_url=base_url, headers={"X-API-Key": admin_key}, timeout=10) as http:
        created = http.post("/consumer/data", json={"consumer_name": name}).raise_for_status()
        consumer_id = created.json()["data"]["consumer_id"]
        issued = http.post("/consumer/api-key", json={"consumer_id": consumer_id})
        key = issued.raise_for_status().json()["data"]["api_key"]
    return Tenant(
        name, consumer_id, key, folder / f"{name}.sqlite3", folder / f"{name}.deliveries.jsonl"
    )


def reconcile(base_url: str, admin_key: str) -> dict[str, Any]:
    """What the operator is told when asking whether the books balance.

    Raises:
        httpx.HTTPStatusError: the API refuses
    """
    url = f"{base_url}/events/reconcile"
    answer = httpx.get(url, headers={"X-API-Key": admin_key}, timeout=30).raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data

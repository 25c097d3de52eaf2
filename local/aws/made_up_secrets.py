"""Makes the values of secrets that CloudFormation cannot make: passwords with their hashes, keys.

A secret that has a value is left alone, and no value is read or printed. The generators are the systems'
own (`made_up`), as for an installation on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import systems

GROUPS = (
    {
        "RelayPasswordsSecretArn": (
            *("RELAY_ADMIN_USER", "RELAY_ADMIN_PASSWORD"),
            *("RELAY_INGEST_USER", "RELAY_INGEST_PASSWORD"),
        ),
        "RelayUsersSecretArn": ("RELAY_USERS",),
    },
    {"RelayKeysSecretArn": ("RELAY_KEYS",)},
    {"AppKeysSecretArn": ("APP_KEYS",)},
    {"WebhookKeysSecretArn": ("WEBHOOK_KEYS",)},
)
"""The settings of each secret, by the output that names it. Those of a group are made of each other."""


def ensure_secrets(client: Any, outputs: Mapping[str, str]) -> list[str]:
    """Make the values that are missing. Returns the outputs that name the secrets.

    The last secret of a group is written last and tells whether the group is complete. So a run that
    stopped before it is repeated as a whole.
    """
    made: list[str] = []
    for group in GROUPS:
        if group.keys() <= outputs.keys() and not _has_value(client, outputs[list(group)[-1]]):
            for name, settings in _values(group).items():
                client.put_secret_value(SecretId=outputs[name], SecretString=json.dumps(settings))
                made.append(name)
    return made


def _has_value(client: Any, secret: str) -> bool:
    stages = client.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
    return any("AWSCURRENT" in names for names in stages.values())


def _values(group: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    generators = {
        setting: make
        for name in systems.NAMES
        for setting, make in systems.system_of(name).made_up.items()
    }
    known: dict[str, str] = {}
    for settings in group.values():
        for setting in settings:
            known[setting] = generators[setting](known)
    return {name: {s: known[s] for s in settings} for name, settings in group.items()}

"""Runs the functions that come before all others, and stops the deployment when one fails."""

from __future__ import annotations

import json
from typing import Any


class SchemaNotMigrated(Exception):
    """A step failed. The text is its own; a migration left nothing."""


def migrate(client: Any, system: str, stage: str, has_own_broker: bool = False) -> list[str]:
    """Make the database's users, then apply the missing migrations and return their names.

    Where the system has a virtual host of the broker, that and its user are made first. The client must
    wait as long as a function may run, and it must not retry the call.

    Raises:
        SchemaNotMigrated: the text is the step's own.
    """
    function = f"fintegrate-{system}-{stage}"
    if has_own_broker:
        _run(client, f"{function}-prepare-broker", "prepared", "the broker's user was not made")
    _run(client, f"{function}-prepare-database", "prepared", "the database's users were not made")
    return _run(client, f"{function}-migrate", "applied", "the migration failed and left nothing")


def _run(client: Any, function: str, result: str, failure: str) -> list[str]:
    client.get_waiter("function_active_v2").wait(FunctionName=function)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    said = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError") or result not in said:
        words = said.get("errorMessage", said) if isinstance(said, dict) else said
        raise SchemaNotMigrated(f"{failure}: {words}")
    return list(said[result])

"""Runs the function `migrate` and stops the deployment when it fails."""

from __future__ import annotations

import json
from typing import Any


class SchemaNotMigrated(Exception):
    """The migration failed and left nothing. The text names the file and the statement."""


def migrate(client: Any, system: str, stage: str) -> list[str]:
    """Apply the missing migrations. Returns the names of those that were applied.

    The client must wait as long as the function may run, and it must not retry the call.

    Raises:
        SchemaNotMigrated: the text is the migration's own.
    """
    function = f"fintegrate-{system}-{stage}-migrate"
    client.get_waiter("function_active_v2").wait(FunctionName=function)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    said = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError") or "applied" not in said:
        words = said.get("errorMessage", said) if isinstance(said, dict) else said
        raise SchemaNotMigrated(f"the migration failed and left nothing: {words}")
    return list(said["applied"])

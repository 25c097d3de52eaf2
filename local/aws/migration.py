"""Runs the function `migrate` and takes its failure for what it is: a reason to stop."""

from __future__ import annotations

import json
from typing import Any


class SchemaNotMigrated(Exception):
    """The migration failed and left nothing; the text names the file and the statement."""


def migrate(client: Any, system: str, stage: str) -> list[str]:
    """Apply what is missing; the names of the migrations that were applied now.

    The client must wait as long as the function may run and must not send the call twice.

    Raises:
        SchemaNotMigrated: in the migration's own words.
    """
    function = f"fintegrate-{system}-{stage}-migrate"
    client.get_waiter("function_active_v2").wait(FunctionName=function)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    said = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError") or "applied" not in said:
        words = said.get("errorMessage", said) if isinstance(said, dict) else said
        raise SchemaNotMigrated(f"the migration failed and left nothing: {words}")
    return list(said["applied"])

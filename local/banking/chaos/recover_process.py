"""What an operator runs after a restore: the recovery, in a process of its own.

First it asks whether the database has noticed the restore by itself. Prints both as JSON.
"""

from __future__ import annotations

import json
import os
import sys

from chalicelib.banking import wiring
from chalicelib.banking.events.recovery import RecoveryDue, watch
from local.banking.recovering import recover_database


def main(backup_time: str, reason: str) -> None:
    """Recover the database of this environment."""
    noticed = _is_noticed()
    found = recover_database(os.environ, backup_time, reason)
    print(json.dumps({"noticed": noticed, "found": found}))


def _is_noticed() -> bool:
    parts = wiring.build(os.environ)
    try:
        watch(parts.request.database, parts.redis, parts.revocations)
    except RecoveryDue:
        return True
    finally:
        parts.close()
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])

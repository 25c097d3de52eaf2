"""Every hour: expired keys get the status `expired`.

Requests already refuse these keys. The status is for people who read the table.
"""

from __future__ import annotations

from typing import Any

from chalice import Rate

from chalicelib.banking.consumer.keys import expire_due_keys
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="expire_api_keys")
@scheduled
def expire_api_keys(_event: Any) -> dict[str, Any]:
    """Overlapping runs are harmless: the second finds nothing."""
    return {"expired": expire_due_keys(parts().request.database)}

"""Has the function `broker_admin` make the functions' own user of the broker.

Amazon MQ makes the administrator only. Until this has run for the first time, events wait in the outbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

FUNCTION = "BrokerAdmin"


class NoPlatformUser(Exception):
    """The functions' user of the broker was not made. The text is the function's own."""


def put_platform_user(client: Any, system: str, stage: str, template: Mapping[str, Any]) -> bool:
    """Make the user, or give it the password that its secret has now.

    Returns False if the system has no function that administers the broker.

    Raises:
        NoPlatformUser: the broker refuses, or does not answer.
    """
    if FUNCTION not in template["Resources"]:
        return False
    function = f"fintegrate-{system}-{stage}-broker-admin"
    client.get_waiter("function_active_v2").wait(FunctionName=function)
    answer = client.invoke(FunctionName=function, Payload=b'{"platform_user": true}')
    said = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError") or "user" not in said:
        words = said.get("errorMessage", said) if isinstance(said, dict) else said
        raise NoPlatformUser(f"the functions' user of the broker was not made: {words}")
    return True

"""Makes keys for the admin of a stage, and stores one in its secret when there is none.

CloudFormation cannot do this, because a key ends in a check that is made with another secret.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from fintegrate.access.keys import ApiKeys

CHECK_SECRET = "API_KEY_CHECK_SECRET"  # noqa: S105 - the name of a setting, not a secret


def ensure_admin_key(client: Any, secret: str, check_secret: str) -> bool:
    """Make a key unless the secret has a value, and return whether one was made.

    The value is never read. `check_secret` names the secret with which keys are checked.
    """
    try:
        stages = client.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
    except ClientError as error:
        raise RuntimeError(f"the admin's secret cannot be described: {error}") from error
    if any("AWSCURRENT" in names for names in stages.values()):
        return False
    made = new_admin_key(client, check_secret)
    client.put_secret_value(SecretId=secret, SecretString=json.dumps({"ADMIN_API_KEY": made}))
    return True


def new_admin_key(client: Any, check_secret: str) -> str:
    """Make a key that the functions with this secret accept; it is stored nowhere."""
    stored = client.get_secret_value(SecretId=check_secret)["SecretString"]
    keys = ApiKeys(json.loads(stored)[CHECK_SECRET])
    return keys.text(keys.new())

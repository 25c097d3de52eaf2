"""Stores an admin key in its secret when there is none.

CloudFormation cannot do this, because a key ends in a checksum.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from fintegrate.access.keys import new_api_key


def ensure_admin_key(client: Any, secret: str) -> bool:
    """Make a key unless the secret has a value, and return whether one was made.

    The value is never read.
    """
    try:
        stages = client.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
    except ClientError as error:
        raise RuntimeError(f"the admin's secret cannot be described: {error}") from error
    if any("AWSCURRENT" in names for names in stages.values()):
        return False
    client.put_secret_value(
        SecretId=secret, SecretString=json.dumps({"ADMIN_API_KEY": new_api_key().text})
    )
    return True

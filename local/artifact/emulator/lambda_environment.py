"""The environment variables of a function: Lambda's, the template's and this machine's settings.

The names follow "Defined runtime environment variables" in Lambda's developer guide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from fintegrate.settings import SECRET_ID
from local.artifact.package.template import FunctionSpec
from local.aws_shapes.account import REGION

HANDED_THROUGH = ("LANG", "TZ")


def chosen_settings(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Of the harness's variables, only the settings that a system reads."""
    return {name: environment[name] for name in sorted(names) if name in environment}


def lambda_environment(
    spec: FunctionSpec, settings: Mapping[str, str], log_stream: str
) -> dict[str, str]:
    """All variables except those that depend on the sandbox.

    Args:
        settings: override the template's, whose secrets are in AWS
    """
    name = spec.function_name or spec.name
    own = {key: value for key, value in spec.environment.items() if key != SECRET_ID}
    return {
        "_HANDLER": spec.handler,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **own,
        **settings,
    }


def search_path(*parts: str | os.PathLike[str]) -> str:
    """A value for PATH or a similar variable."""
    return os.pathsep.join(map(str, parts))

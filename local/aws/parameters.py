"""Finds a value for each parameter of a stack, by the parameter's name.

The sources, in this order:

1. an output of an earlier stack with the same name
2. an environment variable: `BANKING_DOMAIN_NAME` for banking's `DomainName`, or `DOMAIN_NAME` for that
   of every system
3. the stage's file in `infra/stages/`; an object under a system's name holds the system's own values
4. the template's default

An option with an empty default keeps the value of the last deployment. Otherwise a deployment without
`DATABASE_SNAPSHOT` would replace the restored database by an empty one, and one without `DOMAIN_NAME`
would take the domain name away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

INFRA = Path(__file__).parents[2] / "infra"
STAGES = ("dev", "prod")


class ParameterMissing(Exception):
    """A parameter has no value. The text names it and says where to set it."""


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (`!Ref x`) as None. Only plain parts are used."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def read_template(name: str) -> dict[str, Any]:
    """A template of `infra/`, with short forms read as None."""
    text = (INFRA / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, _Loader))  # noqa: S506 - a SafeLoader


def stage_values(stage: str, system: str = "") -> dict[str, str]:
    """The values of a stage's file. The system's own values override the common ones."""
    values = json.loads((INFRA / "stages" / f"{stage}.json").read_text(encoding="utf-8"))
    shared = {name: value for name, value in values.items() if isinstance(value, str)}
    return {"Stage": stage, **shared, **values.get(system, {})}


def fill(
    template: Mapping[str, Any],
    stage: str,
    outputs: Mapping[str, str],
    environment: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    system: str = "",
) -> list[dict[str, str]]:
    """The parameters of a template in the form that CloudFormation takes.

    Args:
        previous: the stack's current parameters
        system: the system, if the stack belongs to one

    Raises:
        ParameterMissing: one has neither a value nor a default.
    """
    values = {**stage_values(stage, system), **outputs}
    filled = []
    for name, declared in template.get("Parameters", {}).items():
        given = "" if name in outputs else _given(name, system, environment)
        value = given or values.get(name, "")
        if not value and declared.get("Default") == "":
            value = (previous or {}).get(name, "")
        if value:
            filled.append({"ParameterKey": name, "ParameterValue": value})
        elif "Default" not in declared:
            raise ParameterMissing(
                f"{name} has no value: set {variable(name)}, or {name} in infra/stages/{stage}.json"
            )
    return filled


def _given(name: str, system: str, environment: Mapping[str, str]) -> str:
    own = environment.get(f"{system.upper()}_{variable(name)}", "") if system else ""
    return own or environment.get(variable(name), "")


def variable(name: str) -> str:
    """The environment variable of a parameter: RATE_LIMIT_IP_PER_MINUTE for `RateLimitIpPerMinute`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()

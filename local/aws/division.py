"""Divides the functions' template, so that the migration can run before the rest is changed.

The migration gets a stack of its own: the functions that run before all others with their roles, their
logs and the layer.
Everything else becomes the stack that answers requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from local.artifact.site import STEPS

Template = dict[str, Any]

ALONE = tuple(f"{function}{part}" for function in STEPS for part in ("", "Role", "Log"))


def divide(template: Template) -> tuple[Template, Template]:
    """The template of the migration and the template of everything else."""
    resources = template["Resources"]
    migration = _reached(resources, resources.keys() & set(ALONE))
    return (
        _part(template, {name: resources[name] for name in resources if name in migration}, {}),
        _part(
            template,
            {name: resource for name, resource in resources.items() if name not in ALONE},
            template["Outputs"],
        ),
    )


def _part(template: Template, resources: Template, outputs: Template) -> Template:
    """The template with only these resources and the parameters that they need."""
    part = {**template, "Resources": resources, "Outputs": outputs}
    conditions = template["Conditions"]
    used = set(_names([resources, outputs]))
    needed = _reached(conditions, used & conditions.keys())
    part["Conditions"] = {name: conditions[name] for name in sorted(needed)}
    used |= set(_names(part["Conditions"]))
    part["Parameters"] = {n: p for n, p in template["Parameters"].items() if n in used}
    if not outputs:
        del part["Outputs"]
    return part


def _reached(known: Template, wanted: set[str]) -> set[str]:
    """The wanted resources and everything that they refer to, directly or not."""
    found = set(_names({name: known[name] for name in wanted})) & known.keys()
    return wanted if found <= wanted else _reached(known, wanted | found)


def _names(value: Any) -> Iterator[str]:
    """Every name to which a part of a template refers."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _named_by(name, item)
            yield from _names(item)


def _named_by(function: str, argument: Any) -> list[str]:
    match function, argument:
        case (("Ref" | "DependsOn" | "Condition"), str()):
            return [argument]
        case "DependsOn", list():
            return argument
        case (("Fn::GetAtt" | "Fn::If"), [str(name), *_]):
            return [name]
        case "Fn::Sub", str(text) | [str(text), _]:
            return re.findall(r"\$\{(\w+)[.}]", text)
    return []

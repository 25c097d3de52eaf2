"""Resolves CloudFormation's intrinsic functions as far as one template alone allows.

Values that only AWS knows (outputs of other stacks, generated names) stay unresolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.aws_shapes.account import ACCOUNT, REGION

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "local",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local",
}
PLACEHOLDER = re.compile(r"\$\{([^!}]+)\}")


class Unresolved(LookupError):
    """The value is known only after the template is deployed to AWS."""


class Absent(Unresolved):
    """The value is `AWS::NoValue`: what has it is left out."""


class Intrinsics:
    """The values of one template.

    Args:
        parameters: values of its parameters; the others have their defaults
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        declared = template.get("Parameters", {})
        defaults = {n: p["Default"] for n, p in declared.items() if "Default" in p}
        self._values = {**PSEUDO, **defaults, **parameters}
        self._mappings = template.get("Mappings", {})
        self._conditions = template.get("Conditions", {})

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function replaced by its result.

        Raises:
            Unresolved: only AWS knows a part of the value
        """
        if isinstance(value, list):
            return [found for item in value for found in self._present(item)]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name.removeprefix("Fn::"), argument)
        return {name: found for name, item in value.items() for found in self._present(item)}

    def _present(self, value: Any) -> list[Any]:
        """The value alone, or nothing if it is to be left out."""
        try:
            return [self.resolve(value)]
        except Absent:
            return []

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._named(argument)
            case "Sub":
                return self._substitute(argument)
            case "Join":
                return argument[0].join(str(self.resolve(part)) for part in argument[1])
            case "FindInMap":
                table, first, second = (self.resolve(part) for part in argument)
                return self.resolve(self._mappings[table][first][second])
            case "If":
                return self.resolve(argument[1] if self._holds(argument[0]) else argument[2])
        raise Unresolved(f"Fn::{name}")

    def _named(self, name: str) -> Any:
        if name == "AWS::NoValue":
            raise Absent(name)
        try:
            return self._values[name]
        except KeyError:
            raise Unresolved(name) from None

    def _substitute(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        known = {name: self.resolve(value) for name, value in own.items()}
        return PLACEHOLDER.sub(
            lambda found: str(known[found[1]] if found[1] in known else self._named(found[1])), text
        )

    def _holds(self, condition: str) -> bool:
        return bool(self._test(self._conditions[condition]))

    def _test(self, expression: Mapping[str, Any]) -> bool:
        name, argument = next(iter(expression.items()))
        match name:
            case "Condition":
                return self._holds(argument)
            case "Fn::Equals":
                return bool(self.resolve(argument[0]) == self.resolve(argument[1]))
            case "Fn::Not":
                return not self._test(argument[0])
            case "Fn::And":
                return all(self._test(part) for part in argument)
            case "Fn::Or":
                return any(self._test(part) for part in argument)
        raise Unresolved(name)

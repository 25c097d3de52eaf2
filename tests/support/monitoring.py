"""The rules and dashboards of `infra/monitoring/` as tests look at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from local.machine.checkout import ROOT

FOLDER = ROOT / "infra" / "monitoring"
OURS = re.compile(r"\b(?:[a-z_]+:)?fintegrate_[a-z0-9_]+(?::[a-z0-9_]+)?")
OTHERS = re.compile(r"\b(?:pg|redis|rabbitmq)_[a-z0-9_]+")
_PARTS = re.compile(r"_(bucket|count|sum)$")


def rules(file: str) -> list[dict[str, Any]]:
    """The rules of a file, in its order."""
    groups = yaml.safe_load((FOLDER / "rules" / file).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboards() -> list[Path]:
    return sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))


def panels(dashboard: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    return found


def asked(dashboard: Path) -> Iterator[str]:
    """The expressions of a dashboard, its variables filled in."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield target["expr"].replace("$consumer", "first_bank")


def every_expression() -> list[str]:
    """Those of all dashboards and rules."""
    of_rules = [rule["expr"] for file in ("alerts.yml", "recording.yml") for rule in rules(file)]
    return [*of_rules, *(expr for each in dashboards() for expr in asked(each))]


def names_in(expression: str, pattern: re.Pattern[str]) -> set[str]:
    """The metrics that an expression asks for; of a histogram its family."""
    return {_PARTS.sub("", name) for name in pattern.findall(_without_texts(expression))}


def _without_texts(expression: str) -> str:
    return re.sub(r'"[^"]*"', '""', expression)

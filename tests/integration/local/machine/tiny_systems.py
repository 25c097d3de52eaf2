"""Two invented systems with a database each; stands in for the list of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fintegrate.system import System, SystemDatabase


@dataclass(frozen=True)
class Letters:
    letters_database_url: str = field(repr=False)
    letters_database_owner_url: str = field(repr=False)
    letters_key: str = field(repr=False)
    letters_database_master_url: str = field(default="", repr=False)


@dataclass(frozen=True)
class Parcels:
    parcels_database_url: str = field(repr=False)
    parcels_database_owner_url: str = field(repr=False)
    parcels_database_master_url: str = field(default="", repr=False)


def _invented(name: str, configuration: type[Any], **more: Any) -> System:
    nothing: Any = list
    return System(
        name=name,
        databases=(SystemDatabase(f"{name.upper()}_DATABASE_URL", name, name),),
        configuration=configuration,
        services={},
        request_parts=nothing,
        probes=nothing,
        gauges=nothing,
        description=nothing,
        after_migrations=lambda _settings: None,
        **more,
    )


SYSTEMS = {
    "letters": _invented(
        "letters", Letters, made_up={"LETTERS_KEY": lambda _settings: "a-key-made-up"}
    ),
    "parcels": _invented("parcels", Parcels),
}
NAMES = tuple(SYSTEMS)


def system_of(name: str) -> System:
    return SYSTEMS[name]


def served() -> list[System]:
    return list(SYSTEMS.values())


def origins_of(_system: System) -> None:
    """No page of another origin reads what these answer."""


def origins(_path: str) -> None:
    """As `origins_of`, by a path."""

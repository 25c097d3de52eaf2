"""The one list of systems, and which of them this package serves.

A package serves one system, or all systems if none is named (stock `chalice local`, `make local`). The
package of one system lacks the folders of the others, so a system is imported by its name.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module

from chalice import Blueprint

from fintegrate.http.cors import Origins, read_origins
from fintegrate.http.rest_api import RestApi
from fintegrate.made_once import MadeOnce
from fintegrate.metrics_store import Metrics
from fintegrate.settings import SettingsError
from fintegrate.system import System

log = logging.getLogger(__name__)
NAMES = ("banking", "relay", "appevents")
OPERATIONS = "operations"
CONSOLE = "console"
served = MadeOnce(lambda: named(os.environ.get("SYSTEM")))
"""The systems that this process serves. The first one's callers may read the metrics.

It also works without app.py: AWS imports the module of a function that it calls by name, such as the
migration.
"""


def serve(app: RestApi, name: str | None, *, on_demand: bool) -> None:
    """Have the app serve the functions of this system, or of all systems, and those of every package.

    Args:
        on_demand: import a service when a request asks for it, as in AWS's process for requests

    Raises:
        ValueError: there is no such system.
    """
    served.use(named(name))
    for system in served():
        for segment, load in system.services.items():
            app.serve_later(segment, load)
    if any(system.console for system in served()):
        app.serve_later(CONSOLE, _console)
    app.serve_later(None, _operations)  # the document names all services
    if not on_demand:
        app.serve_everything()


def _operations() -> Blueprint:
    index = import_module(f"chalicelib.{OPERATIONS}.index")
    if any(system.brokers for system in served()):
        index.prepare_brokers_too()
    for base_path in filter(None, (system.base_path for system in served())):
        index.answer_below(base_path)
    operations: Blueprint = index.operations
    return operations


def _console() -> Blueprint:
    blueprint: Blueprint = import_module(f"chalicelib.{CONSOLE}.index").console
    return blueprint


def metrics() -> Metrics:
    """The first system's metrics. They also count requests that reach no system."""
    return served()[0].request_parts().metrics


def named(name: str | None) -> list[System]:
    """The system of this name, or all systems.

    Raises:
        ValueError: there is no such system.
    """
    if name and name not in NAMES:
        raise ValueError(f"SYSTEM must be one of {', '.join(NAMES)}, or not set; got {name!r}")
    return [system_of(each) for each in ((name,) if name else NAMES)]


def origins(path: str) -> Origins | None:
    """The origins whose pages may read the answers of this path; None if its system has no such setting.

    What is no system's own, such as the API document, is the first system's.

    Raises:
        SettingsError: the setting cannot be read.
    """
    systems = served()
    owner = next((system for system in systems if system.has_path(path)), systems[0])
    return origins_of(owner)


def origins_of(system: System) -> Origins | None:
    """The origins whose pages may read this system's answers; None if it has no such setting.

    Raises:
        SettingsError: the setting cannot be read.
    """
    name = system.origins_setting
    return read_origins(name, os.environ.get(name, "")) if name else None


def configured() -> list[System]:
    """Those that this process serves and that have their settings. The first one must have them."""
    first, *further = served()
    return [first, *(system for system in further if _is_configured(system))]


def _is_configured(system: System) -> bool:
    try:
        system.request_parts()
    except SettingsError as error:
        log.warning("%s has not its settings: %s", system.name, error)
        return False
    return True


def with_console() -> System:
    """The system whose keys open the console: the first one that has one."""
    return next(system for system in served() if system.console)


@cache
def system_of(name: str) -> System:
    """Import a system's description of itself."""
    system: System = import_module(f"chalicelib.{name}.system").SYSTEM
    return system

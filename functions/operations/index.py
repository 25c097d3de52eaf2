"""Imports every function that all packages have."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from chalicelib.operations import (  # noqa: F401
    health,
    migrate,
    read_docs,
    read_metrics,
    read_openapi,
)
from chalicelib.operations.blueprint import operations

__all__ = ["answer_below", "operations", "prepare_brokers_too"]


@cache
def prepare_brokers_too() -> None:
    """Add the function for packages of systems with a virtual host of the broker."""
    operations.lambda_function(name="prepare_broker")(migrate.run_broker_preparation)


@cache
def answer_below(base_path: str) -> None:
    """Have health and metrics answer below this path, too."""
    prefix = base_path.strip("/").replace("/", "_")
    for path, view in (("health", health.health), ("metrics", read_metrics.read_metrics)):
        twin = _named(f"{prefix}_{view.__name__}", view)
        operations.route(f"{base_path}/{path}", methods=["GET"])(twin)


def _named(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """The view under a name of its own: a document names each operation once."""

    @wraps(view)
    def twin() -> Any:
        return view()

    twin.__name__ = name
    return twin

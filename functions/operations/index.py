"""Imports every function that all packages have."""

from functools import cache

from chalicelib.operations import (  # noqa: F401
    health,
    migrate,
    read_docs,
    read_metrics,
    read_openapi,
)
from chalicelib.operations.blueprint import operations

__all__ = ["operations", "prepare_brokers_too"]


@cache
def prepare_brokers_too() -> None:
    """Add the function for packages of systems with a virtual host of the broker."""
    operations.lambda_function(name="prepare_broker")(migrate.run_broker_preparation)

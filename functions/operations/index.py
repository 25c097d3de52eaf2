"""Imports every function that all packages have."""

from chalicelib.operations import (  # noqa: F401
    health,
    migrate,
    read_docs,
    read_metrics,
    read_openapi,
)
from chalicelib.operations.blueprint import operations

__all__ = ["operations"]

"""Imports every function of the console."""

from chalicelib.console import (  # noqa: F401
    end_session,
    read_files,
    read_pass,
    read_session,
    start_session,
)
from chalicelib.console.blueprint import console

__all__ = ["console"]

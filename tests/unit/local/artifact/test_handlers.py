"""Every function that AWS calls by name can be found by the name that Chalice gives it."""

from __future__ import annotations

import importlib

import pytest

from app import app

NAMED = [*app.event_sources, *app.pure_lambda_functions]


@pytest.mark.parametrize("named", NAMED, ids=[one.name for one in NAMED])
def test_handler_is_where_the_template_says(named: object) -> None:
    module, _, name = str(named.handler_string).rpartition(".")  # type: ignore[attr-defined]
    assert callable(getattr(importlib.import_module(module), name))

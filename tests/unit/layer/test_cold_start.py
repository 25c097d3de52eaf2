"""What a new process must not spend time on while it imports."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from fintegrate.cold_start import uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_imported_objects_are_never_collected() -> None:
    with uncollected():
        inside = gc.isenabled()
        kept = [object()]

    assert not inside
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert not any(found is kept for found in gc.get_objects())


def test_failed_import_keeps_collector_on() -> None:
    with pytest.raises(ImportError), uncollected():
        raise ImportError

    assert gc.isenabled()


def test_models_are_built_on_use() -> None:
    from app import app

    specs = [
        route.view_function.__endpoint__
        for methods in app.routes.values()
        for route in methods.values()
    ]
    taken = {spec.takes for spec in specs}
    given = {spec.gives for spec in specs if spec.gives}

    assert len(taken) > 10
    assert [m.__name__ for m in taken if not m.model_config.get("defer_build")] == []
    assert len(given) > 10
    assert [m.__name__ for m in given if issubclass(m, BaseModel)] == []

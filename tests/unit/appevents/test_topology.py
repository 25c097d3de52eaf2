"""The queues of the services, and the waits before retries as a setting says them."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.appevents.ops.models import Service
from chalicelib.appevents.topology import services, waits_of
from fintegrate.settings import SettingsError


def test_waits_are_numbers_of_seconds() -> None:
    assert waits_of("1, 0.05,600") == [1, 0.05, 600]


def test_operators_may_name_every_queue() -> None:
    literal, _ = get_args(Service)

    assert sorted(get_args(literal)) == services()


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "-1", "nan", "inf", "1e300", "86401"])
def test_other_waits_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="APP_RETRY_SECONDS"):
        waits_of(text)

"""The waits before retries, as a setting says them."""

from __future__ import annotations

import pytest

from chalicelib.appevents.topology import waits_of
from fintegrate.settings import SettingsError


def test_waits_are_numbers_of_seconds() -> None:
    assert waits_of("1, 0.05,600") == [1, 0.05, 600]


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "-1", "nan", "inf", "1e300", "86401"])
def test_other_waits_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="APP_RETRY_SECONDS"):
        waits_of(text)

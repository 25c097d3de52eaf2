"""Which tests stay on one worker."""

from __future__ import annotations

import pytest

from tests.architecture.tree import ROOT
from tests.support.sharing import TOGETHER, group_of

JOURNEY = "tests/acceptance/http/test_journey.py::test_public_pages_are_served"
OPENAPI = "tests/acceptance/http/test_openapi.py::test_known"


def test_file_is_a_group() -> None:
    one, another = "tests/unit/test_a.py::test_b[1]", "tests/unit/test_a.py::test_c"

    assert group_of(one) == group_of(another) == "tests/unit/test_a.py"


def test_tests_of_a_way_share_its_server() -> None:
    assert group_of(f"{JOURNEY}[source]") == group_of(f"{OPENAPI}[GET /customer/data-bank-source]")
    assert group_of(f"{JOURNEY}[source]") != group_of(f"{JOURNEY}[process]")


@pytest.mark.parametrize("place", TOGETHER)
def test_place_of_a_group_exists(place: str) -> None:
    folder, _, name = place.rpartition("/")

    assert list((ROOT / folder).glob(f"{name}*"))

"""The functions' password is not the server's any more; the documented command gives it there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.nights.test_failed_migration import run_documented
from tests.support.api import Api
from tests.support.banking import parts_with
from tests.support.fixtures import UNLIMITED
from tests.support.schemas import run
from tests.support.waiting import eventually

NAME = "refused_password"


@pytest.fixture
def settings(own_services: RunningServices) -> Iterator[dict[str, str]]:
    """On a server of its own: its users are all databases'."""
    users = with_users(own_services.urls, create_database(own_services.urls, NAME))
    yield settings_environment(own_services.urls, SYSTEM="banking", **UNLIMITED | users)
    drop_database(own_services.urls, NAME)


@pytest.mark.usefixtures("parts")
def test_refused_password_is_given_to_the_server(settings: dict[str, str]) -> None:
    assert run_documented(settings).returncode == 0
    admin = Api(settings["ADMIN_API_KEY"])
    with parts_with(settings):
        assert admin.get("/consumer/list").status == 200
    run(settings["DATABASE_MASTER_URL"], "ALTER ROLE fintegrate_app PASSWORD 'another'")

    with parts_with(settings):
        assert admin.get("/consumer/list").status == 503
        assert Api(None).get("/health").status == 503
        assert run_documented(settings).returncode == 0
        eventually(lambda: Api(None).get("/health").status == 200, "it asks once a second")
        assert admin.get("/consumer/list").status == 200

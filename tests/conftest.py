"""Fixtures shared by the tests that need real servers. Unit tests ask for none of them.

Under xdist every worker uses the same servers; the last one to leave stops them, unless
they ran before the tests did. Tests that stop or freeze a server have servers of their own, and one
worker runs all of those.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from fintegrate.cold_start import uncollected
from local.machine.checkout import Checkout
from local.machine.environment import leave_aside
from local.services.choice import remove_all
from local.services.databases import address_of, create_database, drop_database
from local.services.running import RunningServices, ensure_services
from local.services.urls import ServiceUrls
from tests.support.databases import migrated_templates
from tests.support.reused_database import ReusedDatabase
from tests.support.sharing import TogetherScheduling

leave_aside(os.environ)
for _name in ("ALL_PROXY", "all_proxy"):  # httpx fails where it names a kind that is not installed
    os.environ.pop(_name, None)
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]  # the tests have no account, and must not find the developer's
settings.register_profile("without_deadline", deadline=None)  # no test is about time
settings.load_profile("without_deadline")
pytest_plugins = ["tests.support.fixtures", "tests.support.banking"]
# Several test runs may share the servers: each worker of each run has names of its own.
WORKER = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests live as long as the process. Garbage collections need not walk them."""
    with uncollected():
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling:
    """One worker runs the tests that stop servers, so that it starts such servers only once."""
    return TogetherScheduling(config, log)


def without_databases(urls: ServiceUrls) -> ServiceUrls:
    """The checkout's own databases under names that do not exist.

    Whether they exist depends on what else ran here, so no test may use one: it makes its own.
    """
    nowhere = {
        setting: address_of(url, f"{urlsplit(url).path.lstrip('/')}_of_no_test")
        for setting, url in urls.databases.items()
    }
    return replace(urls, databases=nowhere)


@pytest.fixture(scope="session")
def services() -> Iterator[RunningServices]:
    """PostgreSQL, RabbitMQ and Redis, running; `.urls` and the servers to stop and restart."""
    with ensure_services() as running:
        running.urls = without_databases(running.urls)
        yield running


@pytest.fixture(scope="session")
def own_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServices]:
    """The same servers of these tests' own, to be stopped, frozen and restarted."""
    checkout = Checkout(tmp_path_factory.mktemp("own_services"))
    with ensure_services(checkout) as running:
        running.urls = without_databases(running.urls)
        yield running
    remove_all(checkout)


@pytest.fixture(scope="session")
def template_databases(services: RunningServices) -> Iterator[dict[str, str]]:
    """Variable of a system's database → the name of a migrated one, to be copied."""
    with migrated_templates(services.urls, WORKER) as names:
        yield names


@pytest.fixture(scope="session")
def template_database(template_databases: dict[str, str]) -> str:
    """The name of banking's."""
    return template_databases["DATABASE_URL"]


@pytest.fixture
def empty_database(services: RunningServices) -> Iterator[Callable[[], str]]:
    """Makes databases with nothing in them; their addresses."""
    names: list[str] = []

    def make() -> str:
        names.append(f"empty_fintegrate_{WORKER}_{next(_numbers)}")
        return create_database(services.urls, names[-1])

    yield make
    for name in names:
        drop_database(services.urls, name)


@pytest.fixture
def copy_database(
    services: RunningServices, template_databases: dict[str, str]
) -> Iterator[Callable[[str], str]]:
    """Makes a migrated database of the test's own: a system's variable → its address."""
    names: list[str] = []

    def copy(setting: str) -> str:
        names.append(f"test_{WORKER}_{next(_numbers)}")
        return create_database(services.urls, names[-1], template_databases[setting])

    yield copy
    for name in names:
        drop_database(services.urls, name)


@pytest.fixture(scope="session")
def reused_database(services: RunningServices, template_database: str) -> Iterator[ReusedDatabase]:
    """Banking's, for one test of this worker after the other."""
    name = f"test_{WORKER}"
    database = ReusedDatabase(lambda: create_database(services.urls, name, template_database))
    yield database
    database.close()
    drop_database(services.urls, name)


@pytest.fixture
def database_url(reused_database: ReusedDatabase) -> str:
    """A database of banking as the migrations left it, with the server's master as user."""
    return reused_database.fresh()

"""A moto server in this process, and one deployment to it that the tests look at."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from local.aws.deployment import Deployment
from local.aws.packaged import Package, package
from tests.integration.local.aws.account import AccountStacks, control, functions_answer

ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@dataclass(frozen=True)
class Deployed:
    """What a run of `make deploy` left."""

    stacks: AccountStacks
    said: list[str]
    looked_at: list[str]
    run_again: Callable[[], None]


@contextmanager
def moto_account() -> Iterator[str]:
    """An empty account; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line per call otherwise
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    patch = pytest.MonkeyPatch()
    for name, value in {**ACCOUNT, "AWS_ENDPOINT_URL": endpoint}.items():
        patch.setenv(name, value)
    try:
        control(endpoint, "reset", {})  # all servers of a process share what they know
        yield endpoint
    finally:
        boto3.DEFAULT_SESSION = None
        patch.undo()
        server.stop()


@pytest.fixture(scope="session")
def packaged() -> Package:
    """The functions as they would go to AWS."""
    return package("banking", "dev")


@pytest.fixture
def account() -> Iterator[str]:
    """An empty account of the test's own."""
    with moto_account() as endpoint:
        yield endpoint


def deployment(
    stacks: AccountStacks, said: list[str], looked_at: list[str], **settings: str
) -> Deployment:
    """A deployment to the account that is there."""
    environment = {**os.environ, **settings}
    return Deployment("dev", boto3.Session(), stacks, environment, said.append, looked_at.append)


@pytest.fixture(scope="module")
def deployed(packaged: Package) -> Iterator[Deployed]:
    """The account after one deployment of banking."""
    answers = ({"prepared": []}, {"applied": []}, {"user": "fintegrate"})
    with deployed_to_moto("banking", packaged, answers) as done:
        yield done


@contextmanager
def deployed_to_moto(
    system: str, packaged: Package, answers: Sequence[dict[str, Any]]
) -> Iterator[Deployed]:
    """An account after one deployment of a system, whose functions answered so."""
    with moto_account() as endpoint, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto says what it does not know in warnings
        stacks, said, looked_at = AccountStacks(), list[str](), list[str]()

        def run() -> None:
            functions_answer(endpoint, *answers)
            deployment(stacks, said, looked_at).run({system: lambda: packaged})

        run()
        yield Deployed(stacks, said, looked_at, run)

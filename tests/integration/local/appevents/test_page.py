"""The commands of docs/appevents/README.md, run as a reader pastes them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.appevents.demo.surroundings import SYSTEM, own_servers
from local.appevents.object_store import remove_objects
from local.appevents.tokens import user_of, with_users
from local.machine.checkout import Checkout
from local.services.installation import Installation, migrate
from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.server import start_server
from tests.architecture.tree import ROOT
from tests.conftest import WORKER
from tests.support.pages import Shell, steps

PAGE = ROOT / "docs" / "appevents" / "README.md"
NAME = f"page_{WORKER}"


@pytest.fixture
def shell(services: RunningServices, tmp_path: Path) -> Iterator[Shell]:
    """In a checkout that is served, with databases and a virtual host of its own."""
    with own_servers(services.urls, NAME) as own:
        settings = settings_environment(services.urls, **own, SYSTEM=SYSTEM)
        migrate(Checkout(), settings)
        installed = with_users(Installation(Checkout(tmp_path), services, settings))
        with start_server(settings) as server, Shell(tmp_path, os.environ) as shell:
            installed.write_env(server.base_url)
            yield shell
            remove_objects(settings, f"uploads/{user_of(settings, 'ALICE')}/")


def test_commands_print_what_the_page_says(shell: Shell) -> None:
    headings = ["The first five calls", "Straight to the exchange"]
    if shutil.which("ffmpeg") or os.environ.get("CI"):
        headings.insert(1, "From a clip to a comment")

    for step in steps(PAGE, *headings):
        commands = step.commands.replace("/exchanges/app/", f"/exchanges/{NAME}/")
        shell.follow(step._replace(commands=commands))

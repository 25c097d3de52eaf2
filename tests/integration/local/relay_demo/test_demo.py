"""The demo on the real relay: whatever fails meanwhile, the books and the platforms agree in the end."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from rich.console import Console

from local.relay.demo.stage import SETTING, Choices, play_on
from local.services.databases import with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment


def test_demo_adds_up(services: RunningServices, copy_database: Callable[[str], str]) -> None:
    users = with_users(services.urls, copy_database(SETTING), SETTING)
    output = StringIO()
    choices = Choices(60, seconds=3, deadline_seconds=100, short=True, seed=3)

    status = play_on(
        Console(file=output, width=80), choices, settings_environment(services.urls, **users)
    )

    said = output.getvalue()
    assert status == 0, said
    assert "everything adds up" in said
    for words in ("pinterest dies", "snapchat of meadow is blocked", "a new key writes"):
        assert words in said, said
    assert max(map(len, said.splitlines())) <= 100

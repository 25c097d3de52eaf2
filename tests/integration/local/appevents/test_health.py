"""`make health` on real servers, whole and broken."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fintegrate.messaging.management import Management
from local.appevents.health import command
from local.appevents.health.command import LOG, health, settings_of
from local.appevents.health.finding import Check, Wrong, run
from local.appevents.health.servers import checks as server_checks
from local.appevents.health.services import checks as service_checks
from local.cli import app as cli
from local.machine.checkout import Checkout
from local.services.running import RunningServices
from tests.conftest import WORKER

Settings = dict[str, str]
MIGRATIONS = Checkout().root / "sql" / "appevents" / "notify" / "migrations"


@pytest.fixture
def settings(services: RunningServices, copy_database: Callable[[str], str]) -> Settings:
    """Of migrated databases, with the master in place of their owners; nobody serves."""
    urls = services.urls
    return {**urls.servers, "NOTIFY_DATABASE_OWNER_URL": copy_database("NOTIFY_DATABASE_URL")}


def looked(settings: Settings, name: str) -> dict[str, Any]:
    """The line of one check."""
    (check,) = (
        each for each in (*server_checks(settings), *service_checks(settings)) if each.name == name
    )
    return dict(json.loads(run(check).line(now=1.5)))


def test_servers_that_answer_are_up(settings: Settings) -> None:
    for name in ("broker /", "broker app", "redis", "database notify_db"):
        assert looked(settings, name)["status"] == "up", name


def test_line_tells_the_migration(settings: Settings) -> None:
    line = looked(settings, "database notify_db")

    newest = max(path.name for path in MIGRATIONS.glob("*.up.sql"))
    assert (line["ts"], line["migration"]) == (1.5, newest)
    assert line["latency_ms"] > 0


def test_unmigrated_database_is_down(settings: Settings, empty_database: Callable[[], str]) -> None:
    line = looked({**settings, "VIDEO_DATABASE_OWNER_URL": empty_database()}, "database video_db")

    assert (line["status"], line["error"]) == ("down", "UndefinedTable")


def test_server_that_is_away_is_down(settings: Settings) -> None:
    line = looked({**settings, "REDIS_URL": "redis://:hidden@127.0.0.1:1/0"}, "redis")

    assert (line["status"], line["error"]) == ("down", "ConnectionError")
    assert "hidden" not in str(line)


def test_queue_without_readers_is_down(services: RunningServices, settings: Settings) -> None:
    host = f"health_{WORKER}"
    management = Management(services.urls.rabbitmq_management_url, virtual_host=host)
    management.put_virtual_host()
    url = services.urls.rabbitmq_url.rpartition("/")[0] + f"/{host}"
    try:
        line = looked({**settings, "APP_RABBITMQ_URL": url}, "queue app.machine")
        assert (line["status"], line["error"].split()[0]) == ("down", "app.machine.dlq")
    finally:
        management.delete_virtual_host()


def test_nothing_served_is_one_answer(tmp_path: Path) -> None:
    said: list[str] = []

    assert health(Checkout(tmp_path), said.append) is False

    lines = (tmp_path / LOG).read_text().splitlines()
    assert lines == said
    assert {json.loads(line)["status"] for line in lines if "ffmpeg" not in line} == {"down"}
    assert health(Checkout(tmp_path), said.append) is False
    assert len((tmp_path / LOG).read_text().splitlines()) == 2 * len(lines)


def test_settings_are_those_of_what_is_served(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.state.mkdir(parents=True, exist_ok=True)
    (checkout.state / "deploy.env").write_text(f"BASE_URL={shlex.quote('packaged')}\n")
    assert settings_of(checkout) == {"BASE_URL": "packaged"}

    (checkout.state / "env").write_text(f"A={shlex.quote('x y=$z')}\nBASE_URL=source\n")

    assert settings_of(checkout) == {"A": "x y=$z", "BASE_URL": "source"}


@pytest.mark.parametrize(("is_up", "status"), [(True, 0), (False, 1)])
def test_command_exits_with_what_it_found(
    monkeypatch: pytest.MonkeyPatch, is_up: bool, status: int
) -> None:
    monkeypatch.setattr(command, "health", lambda _checkout, _say: is_up)

    assert CliRunner().invoke(cli, ["health"]).exit_code == status


def test_object_store_and_ffmpeg_are_up(settings: Settings) -> None:
    assert looked(settings, "object store")["status"] == "up"
    found = looked(settings, "ffmpeg")
    assert (found["status"], found["version"].split()[0]) == ("up", "ffmpeg")


def test_missing_ffmpeg_is_down(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert looked(settings, "ffmpeg")["error"] == "not installed: make setup"


def test_gateway_that_fails_is_down(settings: Settings) -> None:
    away = {**settings, "BASE_URL": "http://127.0.0.1:1"}

    assert looked(away, "gateway")["error"] == "ConnectError"
    assert looked({}, "gateway")["error"] == "nothing is served: make up"


def test_foreign_words_are_left_out() -> None:
    def look() -> dict[str, Any]:
        raise ValueError("could not reach amqp://user:password@host")

    assert run(Check("any", look)).error == "ValueError"


def test_own_words_and_facts_are_told() -> None:
    def look() -> dict[str, Any]:
        raise Wrong("nobody reads it", depth=3)

    found = run(Check("any", look))

    assert (found.is_up, found.error, found.facts) == (False, "nobody reads it", {"depth": 3})

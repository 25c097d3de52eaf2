"""Where the consumer finds its surroundings, and what it says when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.banking.consumer.settings import WrongSetting, read_settings

ENVIRONMENT = {
    "FINTEGRATE_API_KEY": "fk_a_secret",
    "BASE_URL": "http://127.0.0.1:8000",
    "BROKER_URL": "amqp://127.0.0.1:5672/",
    "BROKER_USERNAME": "consumer-first_bank",
    "BROKER_PASSWORD": "hidden: 50 %",
}


def test_addresses_come_from_the_harness_file(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "env").write_text(
        "BASE_URL=http://127.0.0.1:8001\nRABBITMQ_URL='amqp://u:p@h/'\nADMIN_API_KEY=fk_admin_x\n"
    )
    named = ("FINTEGRATE_API_KEY", "BROKER_USERNAME", "BROKER_PASSWORD")
    settings = read_settings({name: ENVIRONMENT[name] for name in named}, tmp_path)
    assert settings.base_url == "http://127.0.0.1:8001"
    assert settings.broker_url == "amqp://consumer-first_bank:hidden%3A%2050%20%25@h/"


def test_platforms_user_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "env").write_text(
        "BASE_URL=http://127.0.0.1:8001\nRABBITMQ_URL='amqp://u:p@h/'\n"
    )
    with pytest.raises(WrongSetting, match="BROKER_USERNAME is not set"):
        read_settings({"FINTEGRATE_API_KEY": "fk_a_secret"}, tmp_path)


def test_user_may_stand_in_the_url(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "BROKER_URL": "amqp://me:mine@h/"}
    assert read_settings(environment, tmp_path).broker_url == "amqp://me:mine@h/"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "env").write_text("BASE_URL=http://127.0.0.1:8001\n")
    assert read_settings(ENVIRONMENT, tmp_path).base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_missing_setting_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=f"{name} is not set"):
        read_settings({**ENVIRONMENT, name: " "}, tmp_path)


@pytest.mark.parametrize("name", ["BASE_URL", "BROKER_URL"])
def test_wrong_address_is_not_shown(name: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=f"{name} must start with") as caught:
        read_settings({**ENVIRONMENT, name: "user:hidden@host"}, tmp_path)
    assert "hidden" not in str(caught.value)


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    shown = repr(read_settings(ENVIRONMENT, tmp_path))
    assert "secret" not in shown
    assert "hidden" not in shown

"""Where a parameter's value comes from, and what is said when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.aws import parameters
from local.aws.parameters import ParameterMissing, fill, stage_values, variable

TEMPLATE = {
    "Parameters": {
        "Stage": {},
        "RateLimitIpPerMinute": {"Default": 100},
        "SubnetIds": {},
        "DatabaseClass": {"Default": "small"},
    }
}


def filled(environment: dict[str, str], **outputs: str) -> dict[str, str]:
    given = fill(TEMPLATE, "dev", {"SubnetIds": "a,b", **outputs}, environment)
    return {each["ParameterKey"]: each["ParameterValue"] for each in given}


def test_outputs_stage_file_and_default() -> None:
    assert filled({}) == {"Stage": "dev", "SubnetIds": "a,b", "DatabaseClass": "db.t4g.micro"}


def test_environment_wins_over_the_stage_file() -> None:
    values = filled({"DATABASE_CLASS": "db.large", "RATE_LIMIT_IP_PER_MINUTE": "600"})

    assert values["DatabaseClass"] == "db.large"
    assert values["RateLimitIpPerMinute"] == "600"


def test_environment_does_not_replace_outputs() -> None:
    assert filled({"SUBNET_IDS": "elsewhere"})["SubnetIds"] == "a,b"


def test_option_given_once_stays() -> None:
    template = {
        "Parameters": {"DatabaseSnapshot": {"Default": ""}, "LogLevel": {"Default": "INFO"}}
    }
    before = {"DatabaseSnapshot": "of-yesterday", "LogLevel": "DEBUG"}

    assert fill(template, "dev", {}, {}, before) == [
        {"ParameterKey": "DatabaseSnapshot", "ParameterValue": "of-yesterday"}
    ]


def test_systems_own_variable_wins() -> None:
    template = {"Parameters": {"DomainName": {"Default": ""}}}
    environment = {"LETTERS_DOMAIN_NAME": "letters.test", "DOMAIN_NAME": "all.test"}

    def domain(system: str) -> str:
        return fill(template, "dev", {}, environment, system=system)[0]["ParameterValue"]

    assert (domain("letters"), domain("banking")) == ("letters.test", "all.test")


def test_systems_part_of_stage_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    values = {"ApiConcurrency": "20", "letters": {"ApiConcurrency": "5"}}
    (tmp_path / "stages" / "dev.json").write_text(json.dumps(values))
    monkeypatch.setattr(parameters, "INFRA", tmp_path)

    assert stage_values("dev") == {"Stage": "dev", "ApiConcurrency": "20"}
    assert stage_values("dev", "letters") == {"Stage": "dev", "ApiConcurrency": "5"}


def test_missing_parameter_is_named() -> None:
    with pytest.raises(ParameterMissing, match=r"SUBNET_IDS.*infra/stages/dev.json"):
        fill(TEMPLATE, "dev", {}, {})


def test_variable_of_a_parameter() -> None:
    assert variable("RateLimitApiKeyPerMinute") == "RATE_LIMIT_API_KEY_PER_MINUTE"

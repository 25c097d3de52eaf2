"""Where a parameter's value comes from, and what is said when there is none."""

from __future__ import annotations

import pytest

from local.aws.parameters import MissingParameterError, fill, variable

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


def test_environment_does_not_replace_what_was_just_made() -> None:
    assert filled({"SUBNET_IDS": "elsewhere"})["SubnetIds"] == "a,b"


def test_option_that_was_given_once_stays_and_a_default_follows_the_template() -> None:
    template = {
        "Parameters": {"DatabaseSnapshot": {"Default": ""}, "LogLevel": {"Default": "INFO"}}
    }
    before = {"DatabaseSnapshot": "of-yesterday", "LogLevel": "DEBUG"}

    assert fill(template, "dev", {}, {}, before) == [
        {"ParameterKey": "DatabaseSnapshot", "ParameterValue": "of-yesterday"}
    ]


def test_missing_parameter_says_its_name_and_where_to_set_it() -> None:
    with pytest.raises(MissingParameterError, match=r"SUBNET_IDS.*infra/stages/dev.json"):
        fill(TEMPLATE, "dev", {}, {})


def test_variable_of_a_parameter() -> None:
    assert variable("RateLimitApiKeyPerMinute") == "RATE_LIMIT_API_KEY_PER_MINUTE"

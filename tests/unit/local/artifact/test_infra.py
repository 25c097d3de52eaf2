"""What packaging writes out for every function and answer, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.artifact.package.infra import infra_template
from local.artifact.package.make import PackagingFailed, _complete
from local.artifact.package.sources import COMMON, infra_file
from local.artifact.package.template import API, FUNCTION

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::letters/*"}
SYSTEM: dict[str, Any] = {
    "Resources": {
        "SendLetters": {"Type": FUNCTION, "Properties": {"Policies": [{"Statement": [STATEMENT]}]}},
        "APIHandler": {"Type": FUNCTION, "Properties": {"Policies": [], "MemorySize": 256}},
    }
}
SHARED: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Resources": {
        "APIHandler": {"Type": FUNCTION, "Properties": {"Timeout": 5, "MemorySize": 128}},
        "RestAPI": {
            "Type": API,
            "Properties": {
                "GatewayResponses": {"THROTTLED": {"Status": 429, "Says": "Later", "RetryAfter": 1}}
            },
        },
    },
}


@pytest.fixture
def resources(tmp_path: Path) -> dict[str, Any]:
    """What the two files make together."""
    for file, content in ((infra_file("letters"), SYSTEM), (COMMON, SHARED)):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(json.dumps(content))
    template = infra_template(tmp_path, "letters")
    assert template["Parameters"]["System"]["Default"] == "letters"
    return dict(template["Resources"])


def test_function_gets_name_log_and_role(resources: dict[str, Any]) -> None:
    function = resources["SendLetters"]["Properties"]
    role = resources["SendLettersRole"]["Properties"]
    log = resources["SendLettersLog"]["Properties"]

    assert function == {
        "FunctionName": {"Fn::Sub": "fintegrate-${System}-${Stage}-send-letters"},
        "LoggingConfig": {"LogGroup": {"Ref": "SendLettersLog"}},
        "Role": {"Fn::GetAtt": ["SendLettersRole", "Arn"]},
    }
    assert log["LogGroupName"] == {"Fn::Sub": "/fintegrate/${System}/${Stage}/send-letters"}
    assert role["ManagedPolicyArns"] == [{"Ref": "InsideTheNetwork"}]
    own_log, policy = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert own_log["Resource"] == {"Fn::GetAtt": ["SendLettersLog", "Arn"]}
    assert policy == STATEMENT


def test_system_wins_over_common(resources: dict[str, Any]) -> None:
    api = resources["APIHandler"]["Properties"]

    assert (api["Timeout"], api["MemorySize"]) == (5, 256)
    assert api["FunctionName"] == {"Fn::Sub": "fintegrate-${System}-${Stage}-api"}


def test_gateway_answer_is_enveloped(resources: dict[str, Any]) -> None:
    answer = resources["RestAPI"]["Properties"]["GatewayResponses"]["THROTTLED"]

    assert answer["StatusCode"] == "429"
    body = json.loads(answer["ResponseTemplates"]["application/json"])
    assert body["detail"]["status_description"] == "Later"
    assert answer["ResponseParameters"]["Headers"]["Retry-After"] == "'1'"


def test_function_without_policies_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "sam.json"
    forgotten = {"Type": FUNCTION, "Properties": {"Role": "as chalice.json says"}}
    template.write_text(json.dumps({"Resources": {"Forgotten": forgotten}}))

    with pytest.raises(PackagingFailed, match=r"letters\.yaml has no Policies of Forgotten"):
        _complete(template, "letters", [])

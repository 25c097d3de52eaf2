"""What a template says is read as AWS would understand it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.artifact.package.intrinsics import Intrinsics, Unresolved
from local.artifact.package.template import METADATA, ScheduleSpec, read_template

INTEGRATION = {
    "type": "aws_proxy",
    "uri": {"Fn::Sub": "arn:${AWS::Partition}:apigateway:r:lambda:path/f/${Api.Arn}/invocations"},
}
DOCUMENT: dict[str, Any] = {
    "Parameters": {"Level": {"Type": "String", "Default": "INFO"}},
    "Resources": {
        "Layer": {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {"ContentUri": "./layer.zip"},
        },
        "Api": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "app.app",
                "Runtime": "python3.11",
                "CodeUri": "./code.zip",
                "Timeout": 29,
                "MemorySize": 512,
                "ReservedConcurrentExecutions": 5,
                "Layers": [{"Ref": "Layer"}, "arn:aws:lambda:us-east-1:1:layer:other:1"],
                "Environment": {
                    "Variables": {
                        "LOG_LEVEL": {"Ref": "Level"},
                        "SECRET": {"Fn::ImportValue": "only-aws-knows"},
                    }
                },
                "Events": {
                    "Minute": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}},
                    "Off": {
                        "Type": "Schedule",
                        "Properties": {"Schedule": "rate(1 day)", "Enabled": False},
                    },
                },
            },
        },
        "RestApi": {
            "Type": "AWS::Serverless::Api",
            "Properties": {
                "DefinitionBody": {
                    "paths": {
                        "/a": {
                            "get": {"x-amazon-apigateway-integration": INTEGRATION},
                            "x-amazon-apigateway-any-method": {
                                "x-amazon-apigateway-integration": INTEGRATION
                            },
                        }
                    }
                }
            },
        },
    },
}


def test_functions_routes_and_schedules_are_read(tmp_path: Path) -> None:
    path = tmp_path / "sam.json"
    path.write_text(json.dumps(DOCUMENT))
    template = read_template(path)
    api = template.functions["Api"]
    assert (api.handler, api.timeout, api.memory_mb) == ("app.app", 29, 512)
    assert api.reserved_concurrency == 5
    assert api.code == tmp_path / "code.zip"
    assert api.layers == (tmp_path / "layer.zip",)
    assert api.environment == {"LOG_LEVEL": "INFO"}
    assert template.routes == {"/a": {"GET": "Api", "ANY": "Api"}}
    assert template.schedules == (ScheduleSpec("Api", "rate(1 minute)"),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Level"}, "INFO"),
        ({"Fn::Sub": "${AWS::Region}-${Level}"}, "eu-central-1-INFO"),
        ({"Fn::Sub": ["${x}", {"x": {"Ref": "Level"}}]}, "INFO"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Level"}]]}, "a-INFO"),
        ({"Fn::FindInMap": ["Sizes", "dev", "memory"]}, 128),
        ({"Fn::If": ["IsInfo", "yes", "no"]}, "yes"),
        ([{"Ref": "Level"}, 1], ["INFO", 1]),
    ],
)
def test_intrinsic_functions_are_resolved(value: object, expected: object) -> None:
    document = {
        **DOCUMENT,
        "Mappings": {"Sizes": {"dev": {"memory": 128}}},
        "Conditions": {"IsInfo": {"Fn::Equals": [{"Ref": "Level"}, "INFO"]}},
    }
    assert Intrinsics(document, {}).resolve(value) == expected


@pytest.mark.parametrize(
    "value", [{"Ref": "Unknown"}, {"Fn::GetAtt": ["Api", "Arn"]}, {"Fn::Sub": "${Api.Arn}"}]
)
def test_what_only_aws_knows_stays_unresolved(value: object) -> None:
    with pytest.raises(Unresolved):
        Intrinsics(DOCUMENT, {}).resolve(value)


def test_setting_of_one_function_is_withheld(tmp_path: Path) -> None:
    code = {"Handler": "a.b", "Runtime": "python3.11", "CodeUri": "./code.zip"}

    def function(**variables: str) -> dict[str, Any]:
        properties = {**code, "Environment": {"Variables": variables}}
        return {"Type": "AWS::Serverless::Function", "Properties": properties}

    document = {
        "Globals": {"Function": {"Environment": {"Variables": {"PLACE": "everywhere"}}}},
        "Resources": {"One": function(ADMIN_URL="a", PLACE="its own"), "Other": function()},
        "Metadata": {METADATA: {"System": "s", "Settings": ["ADMIN_URL", "LEVEL", "PLACE"]}},
    }
    (tmp_path / "sam.json").write_text(json.dumps(document))
    template = read_template(tmp_path / "sam.json")

    assert template.settings_of("One") == ("ADMIN_URL", "LEVEL", "PLACE")
    assert template.settings_of("Other") == ("LEVEL", "PLACE")

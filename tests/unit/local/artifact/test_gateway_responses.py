"""Refusals look as the template defines them, wherever it does so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.artifact.gateway_responses import GatewayResponses
from local.artifact.package.template import read_template
from local.gateway.refusals import BodyTooLarge, FunctionFailed, TooManyRequests, UnknownPath

BODY = '{"said": $context.error.messageString, "id": "$context.requestId"}'


def responses(folder: Path, api: dict[str, Any], **resources: Any) -> GatewayResponses:
    template = folder / "sam.json"
    rest = {"Type": "AWS::Serverless::Api", "Properties": api}
    template.write_text(json.dumps({"Resources": {"RestAPI": rest, **resources}}))
    return GatewayResponses(read_template(template))


def in_document(kind: str) -> dict[str, Any]:
    said = {
        "statusCode": "418",
        "responseTemplates": {"application/json": BODY},
        "responseParameters": {"gatewayresponse.header.X-Kind": "context.error.responseType"},
    }
    return {"DefinitionBody": {"x-amazon-apigateway-gateway-responses": {kind: said}}}


def in_api(kind: str) -> dict[str, Any]:
    said = {
        "StatusCode": 418,
        "ResponseTemplates": {"application/json": BODY},
        "ResponseParameters": {"Headers": {"X-Kind": "context.error.responseType"}},
    }
    return {"GatewayResponses": {kind: said}}


def as_resource(kind: str) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": {
            "RestApiId": {"Ref": "RestAPI"},
            "ResponseType": kind,
            "StatusCode": "418",
            "ResponseTemplates": {"application/json": BODY},
            "ResponseParameters": {"gatewayresponse.header.X-Kind": "context.error.responseType"},
        },
    }


@pytest.mark.parametrize("place", ["document", "api", "resource"])
def test_definition_is_used(tmp_path: Path, place: str) -> None:
    kind = "MISSING_AUTHENTICATION_TOKEN"
    made = {
        "document": lambda: responses(tmp_path, in_document(kind)),
        "api": lambda: responses(tmp_path, in_api(kind)),
        "resource": lambda: responses(tmp_path, {}, Response=as_resource(kind)),
    }[place]()
    refusal = UnknownPath()
    response = made.response(refusal, "r-1")
    assert response.status_code == 418
    assert json.loads(bytes(response.body)) == {"said": str(refusal), "id": "r-1"}
    assert response.headers["x-kind"] == kind


def test_default_covers_what_is_not_defined(tmp_path: Path) -> None:
    made = responses(tmp_path, in_api("DEFAULT_5XX"))
    assert made.response(FunctionFailed(), "r").status_code == 418
    assert made.response(BodyTooLarge(1), "r").status_code == 413


def test_without_definition_the_envelope_answers(tmp_path: Path) -> None:
    response = responses(tmp_path, {}).response(TooManyRequests(100, 7), "r")
    assert json.loads(bytes(response.body))["detail"]["status_code"] == "429"
    assert response.headers["retry-after"] == "7"


def test_header_without_value_is_left_out(tmp_path: Path) -> None:
    said = in_api("THROTTLED")
    headers = said["GatewayResponses"]["THROTTLED"]["ResponseParameters"]["Headers"]
    headers["Access-Control-Allow-Origin"] = {"Ref": "AWS::NoValue"}

    response = responses(tmp_path, said).response(TooManyRequests(100, 7), "r")

    assert "access-control-allow-origin" not in response.headers
    assert response.headers["x-kind"] == "THROTTLED"

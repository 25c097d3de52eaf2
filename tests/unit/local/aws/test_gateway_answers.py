"""What API Gateway and the firewall answer themselves has the shape of every other answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fintegrate.http.envelope import status_name

Template = dict[str, Any]
STATUSES = {
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "INVALID_SIGNATURE": 404,
    "EXPIRED_TOKEN": 404,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "UNAUTHORIZED": 401,
    "INVALID_API_KEY": 401,
    "ACCESS_DENIED": 403,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "WAF_FILTERED": 429,
    "INTEGRATION_TIMEOUT": 504,
    "INTEGRATION_FAILURE": 502,
    "API_CONFIGURATION_ERROR": 500,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 502,
}


@pytest.fixture(scope="module")
def answers(expanded: Template) -> Template:
    body = expanded["Resources"]["RestAPI"]["Properties"]["Body"]
    return dict(body["x-amazon-apigateway-gateway-responses"])


def test_every_kind_has_its_answer(answers: Template) -> None:
    assert {kind: int(answer["statusCode"]) for kind, answer in answers.items()} == STATUSES


@pytest.mark.parametrize("kind", sorted(STATUSES))
def test_answer_is_an_envelope(answers: Template, kind: str) -> None:
    answer = answers[kind]
    body = json.loads(answer["responseTemplates"]["application/json"])

    assert body["data"] == {}
    assert body["detail"]["status_code"] == str(STATUSES[kind])
    assert body["detail"]["status_name"] == status_name(STATUSES[kind])
    assert len(body["detail"]["status_description"]) > 20
    headers = answer["responseParameters"]
    assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"
    assert ("gatewayresponse.header.Retry-After" in headers) == (STATUSES[kind] == 429)


def test_other_systems_have_no_pages(expanded: Template) -> None:
    """Banking lists no origins, so nothing of it is for pages."""
    assert "Access-Control" not in json.dumps(expanded)
    body = expanded["Resources"]["RestAPI"]["Properties"]["Body"]
    assert not any("options" in operations for operations in body["paths"].values())


def test_firewall_counts_addresses_by_the_minute(expanded: Template) -> None:
    firewall = expanded["Resources"]["Firewall"]["Properties"]
    (rule,) = firewall["Rules"]

    assert rule["Statement"]["RateBasedStatement"] == {
        "Limit": {"Ref": "RateLimitIpPerMinute"},
        "EvaluationWindowSec": 60,
        "AggregateKeyType": "IP",
    }
    assert expanded["Parameters"]["RateLimitIpPerMinute"]["Default"] == 100


def test_firewall_answers_as_the_gateway_does(expanded: Template, answers: Template) -> None:
    firewall = expanded["Resources"]["Firewall"]["Properties"]
    refusal = firewall["Rules"][0]["Action"]["Block"]["CustomResponse"]
    body = firewall["CustomResponseBodies"][refusal["CustomResponseBodyKey"]]["Content"]

    assert refusal["ResponseCode"] == 429
    assert refusal["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "60"}]
    filtered = answers["WAF_FILTERED"]["responseTemplates"]["application/json"]
    assert json.loads(body) == json.loads(filtered)


def test_only_limited_stage_exists(expanded: Template) -> None:
    kinds = {"AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"}
    stages = {
        resource["Properties"].get("StageName")
        for resource in expanded["Resources"].values()
        if resource["Type"] in kinds
    }

    assert stages - {None} == {"api"}
    association = expanded["Resources"]["FirewallOfTheApi"]["Properties"]["ResourceArn"]
    assert "/stages/${RestAPIapiStage}" in association["Fn::Sub"]


def test_access_log_has_no_query(expanded: Template) -> None:
    stage = expanded["Resources"]["RestAPIapiStage"]["Properties"]
    assert expanded["Resources"]["RestAPI"]["DependsOn"] == "GatewayAccount"
    logged = json.loads(stage["AccessLogSetting"]["Format"])

    assert logged["path"] == "$context.resourcePath"
    assert logged["request_id"] == "$context.requestId"
    assert "query" not in stage["AccessLogSetting"]["Format"].lower()
    assert stage["MethodSettings"][0]["DataTraceEnabled"] is False


def test_api_is_throttled_and_traced(expanded: Template) -> None:
    stage = expanded["Resources"]["RestAPIapiStage"]["Properties"]
    (everything,) = stage["MethodSettings"]

    assert everything["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert everything["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}
    assert stage["TracingEnabled"] is True
    traced = {
        resource["Properties"]["TracingConfig"]["Mode"]
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert traced == {"Active"}

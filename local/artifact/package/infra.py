"""Makes the template of a system's functions: the system's own file laid over the common one.

It adds to every function its name, its log group and the role that follows from its `Policies`. SAM
could make the role, but it also adds managed policies of AWS that allow writing to every log. This
module knows nothing of what Chalice makes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from fintegrate.http.envelope import envelope
from local.artifact.package.preflights import let_gateway_be_read, lists_origins
from local.artifact.package.sources import COMMON, infra_file
from local.artifact.package.template import API, FUNCTION

NETWORK_POLICY = "InsideTheNetwork"
LAMBDA_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
Template = dict[str, Any]


def infra_template(root: Path, system: str) -> Template:
    """The template that is laid over Chalice's."""
    template: Template = _laid_over(_read(root / infra_file(system)), _read(root / COMMON))
    name = {"Type": "String", "AllowedValues": [system], "Default": system}
    template["Parameters"]["System"] = name
    resources = template["Resources"]
    for logical, resource in list(resources.items()):
        properties = resource["Properties"]
        if resource["Type"] == FUNCTION and "Policies" in properties:
            resources |= _name_log_and_role(logical, properties)
        elif resource["Type"] == API:
            answers = properties["GatewayResponses"]
            properties["GatewayResponses"] = {k: _gateway_answer(**a) for k, a in answers.items()}
    if lists_origins(template):
        answers = resources["RestAPI"]["Properties"]["GatewayResponses"]
        let_gateway_be_read(template, answers, resources["Firewall"]["Properties"]["Rules"])
    return template


def _read(file: Path) -> Template:
    return dict(yaml_parse(file.read_text(encoding="utf-8")))  # type: ignore[no-untyped-call]


def _laid_over(upper: Any, lower: Any) -> Any:
    """Mappings are merged. For everything else the upper value wins."""
    if not isinstance(upper, Mapping) or not isinstance(lower, Mapping):
        return upper
    joined = {key: _laid_over(value, lower.get(key)) for key, value in upper.items()}
    return {**lower, **joined}


def _name_log_and_role(logical: str, properties: Template) -> Template:
    """Name a function and return the resources of its log and role."""
    name, log, role = _name_in_aws(logical), f"{logical}Log", f"{logical}Role"
    policies = properties.pop("Policies")
    properties["FunctionName"] = {"Fn::Sub": f"fintegrate-${{System}}-${{Stage}}-{name}"}
    properties["LoggingConfig"] = {"LogGroup": {"Ref": log}}
    properties["Role"] = {"Fn::GetAtt": [role, "Arn"]}
    own_log = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [log, "Arn"]},
    }
    statements = [own_log, *(s for policy in policies for s in policy["Statement"])]
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        log: {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": {"Fn::Sub": f"/fintegrate/${{System}}/${{Stage}}/{name}"},
                "RetentionInDays": {"Ref": "LogDays"},
            },
        },
        role: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": LAMBDA_MAY_ASSUME,
                "ManagedPolicyArns": [{"Ref": NETWORK_POLICY}],
                "Policies": [{"PolicyName": "own-log-and-policies", "PolicyDocument": document}],
            },
        },
    }


def _name_in_aws(logical: str) -> str:
    """The function's name in AWS: sweep-dead-letters for `SweepDeadLetters`, api for `APIHandler`."""
    if logical == "APIHandler":
        return "api"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", logical).lower()


def _gateway_answer(Status: int, Says: str, RetryAfter: int | None = None) -> Template:  # noqa: N803
    """An answer of API Gateway itself, in the envelope of all other answers."""
    headers = {"X-Request-Id": "context.requestId"}
    if RetryAfter is not None:
        headers["Retry-After"] = f"'{RetryAfter}'"  # quotes mark a literal
    body = json.dumps(envelope(Status, {}, Says), separators=(",", ":"))
    return {
        "StatusCode": str(Status),
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": body},
    }

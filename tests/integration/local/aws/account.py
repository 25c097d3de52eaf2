"""An AWS account that is a moto server in this process, as far as moto plays CloudFormation.

moto knows neither secrets nor databases nor brokers in CloudFormation, and gives a change set's stack
no outputs; so the data's stacks are played here: their secrets and their bucket are made through
boto3, and what they would say about themselves is given. The stacks of the functions are moto's own,
except that moto makes an API without its document: the document, the deployment and the stage are
then brought in through boto3 as the template says them.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

import boto3

from chalicelib import systems
from local.aws.deployment import SERVERS, Part
from local.aws.stacks import Change, Stacks

BUCKET = "artifacts-of-the-test"


def _of_services() -> dict[str, dict[str, str]]:
    """The users of app.events' databases and their owners, by the outputs that name their secrets."""
    found = {}
    for each in systems.system_of("appevents").databases:
        service = each.name.removesuffix("_db")
        users = {"": each.app_role, "Owner": each.owner_role}
        for kind, role in users.items():
            password = f"{service}-{kind.lower()}-password"
            user = {"username": str(role), "password": password}
            found[f"{service.capitalize()}Database{kind}SecretArn"] = user
    return found


CREDENTIALS: dict[str, dict[str, str]] = {
    "DatabaseSecretArn": {"username": "fintegrate_app", "password": "d/b: p@ss?"},
    "DatabaseOwnerSecretArn": {"username": "fintegrate_owner", "password": "owner-password"},
    "DatabaseMasterSecretArn": {"username": "fintegrate", "password": "master-password"},
    "BrokerSecretArn": {"username": "fintegrate", "password": "broker-password"},
    "BrokerAdminSecretArn": {"username": "administrator", "password": "admin-password"},
    "CacheSecretArn": {"password": "cache-token"},
    "RelayDatabaseSecretArn": {"username": "relay_app", "password": "relay-password"},
    "RelayDatabaseOwnerSecretArn": {"username": "relay_owner", "password": "relay-owner-password"},
    "RelayOmsDatabaseSecretArn": {"username": "relay_oms", "password": "relay-oms-password"},
    "ApiKeyCheckSecretArn": {"API_KEY_CHECK_SECRET": "what-the-check-of-a-key-is-made-with"},
    "RevocationRecordArn": {},
    **_of_services(),
    "AppBrokerSecretArn": {"username": "app", "password": "app-broker-password"},
    "AiKeySecretArn": {"AI_API_KEY": "what-the-ai-takes"},
    "AppTokenSecretArn": {"JWT_SHARED_SECRET": "what-signs-the-tokens-of-the-apps-users"},
}
MASTER = "DatabaseMasterSecretArn"
MADE_LATER = (
    "RelayPasswordsSecret",
    "RelayUsersSecret",
    "RelayKeysSecret",
    "AppKeysSecret",
    "WebhookKeysSecret",
)
"""Secrets whose values the deployment makes."""
API_NAME = "fintegrate-banking-dev"
FUNCTIONS_STACK = "fintegrate-dev-banking-functions"
FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:fintegrate-banking-dev-api"
HERE = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "Stage": "dev",
    "System": "banking",
    "APIHandler.Arn": FUNCTION_ARN,
}
DEPLOYMENT, STAGE = "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"
UNKNOWN = "AWS::Lambda::EventSourceMapping"  # moto knows no broker
BY_HAND = {DEPLOYMENT, STAGE, "AWS::WAFv2::WebACLAssociation", UNKNOWN}


class AccountStacks(Stacks):
    """Stacks of which those of the functions are real to moto."""

    def __init__(self) -> None:
        super().__init__(boto3.client("cloudformation"), wait_seconds=1)
        self.started: list[str] = []
        self.templates: dict[str, dict[str, Any]] = {}
        self.played = {Part(name).stack("dev"): outputs for name, outputs in _make_data().items()}

    def prepare(
        self, stack: str, source: dict[str, str], parameters: Sequence[dict[str, str]]
    ) -> Change:
        """As CloudFormation; a stack that is played has nothing to prepare."""
        if stack in self.played:
            return Change(stack, None)
        template = _read(source["TemplateURL"])
        self.templates[stack] = template
        known = {n: r for n, r in template["Resources"].items() if r["Type"] not in BY_HAND}
        body = json.dumps({**template, "Resources": known})
        return super().prepare(stack, {"TemplateBody": body}, parameters)

    def finish(self, change: Change) -> dict[str, str]:
        """As CloudFormation; the functions get their API's document."""
        outputs = super().finish(change)
        if change.stack == FUNCTIONS_STACK and change.kind == "CREATE":
            bring_in_the_api(self.templates[FUNCTIONS_STACK])
        return outputs

    def start(self, change: Change) -> None:
        """As CloudFormation, remembering the order."""
        self.started.append(change.stack)
        super().start(change)

    def outputs(self, stack: str) -> dict[str, str]:
        """What the stack would say."""
        if stack in self.played:
            return self.played[stack]
        return {"ApiUrl": "https://api.test"} if stack.endswith("functions") else {}


def _read(url: str) -> dict[str, Any]:
    bucket, _, key = url.removeprefix("https://").partition(".s3.eu-central-1.amazonaws.com/")
    stored = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return dict(json.loads(stored))


def bring_in_the_api(template: dict[str, Any]) -> None:
    """Give the API that CloudFormation made its document, deployment and stage."""
    api = boto3.client("apigateway")
    api_id = api_id_of(API_NAME)
    body = in_this_account(template["Resources"]["RestAPI"]["Properties"]["Body"])
    api.put_rest_api(restApiId=api_id, mode="overwrite", body=_as_moto_reads(body))
    for kind, answer in body["x-amazon-apigateway-gateway-responses"].items():
        api.put_gateway_response(restApiId=api_id, responseType=kind, **answer)
    stage = next(r["Properties"] for r in template["Resources"].values() if r["Type"] == STAGE)
    api.create_deployment(
        restApiId=api_id, stageName=stage["StageName"], tracingEnabled=stage["TracingEnabled"]
    )


def _as_moto_reads(body: dict[str, Any]) -> bytes:
    """What moto takes: no document of version 2, and no vendor's word for any method."""
    document = {name: value for name, value in body.items() if name != "swagger"}
    text = json.dumps({**document, "openapi": "3.0.1"})
    return text.replace("x-amazon-apigateway-any-method", "any").encode()


def api_id_of(name: str) -> str:
    """The id of the API with that name."""
    found = boto3.client("apigateway").get_rest_apis()["items"]
    return next(item["id"] for item in found if item["name"] == name)


def in_this_account(value: Any) -> Any:
    """A part of a template with its references to this account and its API's function put in."""
    if isinstance(value, list):
        return [in_this_account(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"Fn::Sub"}:
            text = value["Fn::Sub"]
            for name, known in HERE.items():
                text = text.replace("${" + name + "}", known)
            return text
        return {name: in_this_account(item) for name, item in value.items()}
    return value


def _make_data() -> dict[str, dict[str, str]]:
    """The outputs of the data's stacks, with the bucket and the secrets that they name."""
    boto3.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    arns = _make_secrets()
    names = [name for group in SERVERS for name in group]
    return {
        **{name: {} for name in (*names, "monitoring/banking", "monitoring/appevents")},
        "artifacts": {"ArtifactsBucket": BUCKET},
        **_make_networks(),
        "secrets": {name: arn for name, arn in arns.items() if name != MASTER},
        "database": {
            MASTER: arns[MASTER],
            "DatabaseHost": "proxy.test",
            "DatabaseDirectHost": "database.test",
            "DatabaseId": "database",
        },
        "broker": {
            "BrokerArn": "arn:aws:mq:eu-central-1:123456789012:broker:broker:b-1",
            "BrokerEndpoint": "amqps://broker.test:5671",
            "BrokerManagementUrl": "https://broker.test",
            "BrokerName": "broker",
        },
        "cache": {"CacheHost": "cache.test"},
        "bank_files": {"BankFilesBucket": "files", "BankFilesBucketArn": "arn:aws:s3:::files"},
        "videos": {"VideosBucket": "videos", "VideosBucketArn": "arn:aws:s3:::videos"},
        "monitoring/servers": {"AlarmTopic": "arn:aws:sns:eu-central-1:123456789012:alarms"},
    }


def _make_secrets() -> dict[str, str]:
    """Their addresses by the outputs that name them; some have no value before a deployment."""
    secrets = boto3.client("secretsmanager")
    with_values = {
        name: secrets.create_secret(Name=name, SecretString=json.dumps(value))["ARN"]
        for name, value in CREDENTIALS.items()
    }
    without = {f"{name}Arn": secrets.create_secret(Name=name)["ARN"] for name in MADE_LATER}
    return {
        **with_values,
        "AdminKeySecretArn": secrets.create_secret(Name="admin")["ARN"],
        **without,
    }


def _make_networks() -> dict[str, dict[str, str]]:
    """The network, and the part of it from which the internet can be reached."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/20")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/22")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="f", Description="f", VpcId=vpc)["GroupId"]
    groups = ("Functions", "Proxy", "Database", "Broker", "BrokerAdmin", "BankFiles", "Cache")
    of_groups = {f"{name}GroupId": group for name in groups}
    return {
        "network": {"VpcId": vpc, "SubnetIds": subnet, **of_groups},
        "way_out": {"WayOutSubnetIds": subnet, "WayOutGroupId": group},
    }


def control(endpoint: str, path: str, body: dict[str, Any]) -> None:
    """Tell the moto server how to behave."""
    request = urllib.request.Request(
        f"{endpoint}/moto-api/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=10).close()


def functions_answer(endpoint: str, *answers: dict[str, Any]) -> None:
    """What the next invocations of functions give: moto runs no code."""
    control(endpoint, "config", {"lambda": {"use_docker": False}})
    body = {"results": [json.dumps(answer) for answer in answers], "region": "eu-central-1"}
    control(endpoint, "static/lambda-simple/response", body)

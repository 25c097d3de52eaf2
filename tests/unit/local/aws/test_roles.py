"""Every function may do what its code does, and nothing else."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from chalicelib.banking.broker.nudges import QUEUE
from chalicelib.banking.replay.nudges import QUEUE as REPLAYS
from chalicelib.banking.webhooks.nudges import QUEUE as WEBHOOKS
from tests.architecture.tree import FUNCTIONS, LAYER, modules, tree_of

Template = dict[str, Any]
CALLING = {"DatabaseSecretArn", "CacheSecretArn", "WebhookKeysSecretArn"}
"""What calls banks reads these."""
SECRETS = {
    "APIHandler": {
        "DatabaseSecretArn",
        "BrokerSecretArn",
        "CacheSecretArn",
        "ApiKeyCheckSecretArn",
        "WebhookKeysSecretArn",
        "RevocationRecordArn",
    },
    "Recover": {
        "DatabaseSecretArn",
        "BrokerSecretArn",
        "CacheSecretArn",
        "RevocationRecordArn",
    },
    "WatchRestore": {"DatabaseSecretArn", "CacheSecretArn", "RevocationRecordArn"},
    "PrepareDatabase": {"DatabaseMasterSecretArn", "DatabaseOwnerSecretArn", "DatabaseSecretArn"},
    "Migrate": {"DatabaseOwnerSecretArn", "AdminKeySecretArn", "ApiKeyCheckSecretArn"},
    "Rewind": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "Onboard": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "Replay": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "Archive": {"DatabaseSecretArn", "CacheSecretArn"},
    "Export": {"DatabaseSecretArn", "CacheSecretArn"},
    "Offboard": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "ReplayNudged": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "DeliverWebhooks": CALLING,
    "DeliverWebhooksNudged": {*CALLING, "BrokerSecretArn"},
    "BrokerAdmin": {"DatabaseSecretArn", "BrokerSecretArn", "BrokerAdminSecretArn"},
    "ObserveBroker": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "Resend": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "Redeliver": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "SweepDeadLetters": {"DatabaseSecretArn", "BrokerSecretArn", "CacheSecretArn"},
    "PublishMetrics": {"DatabaseSecretArn", "CacheSecretArn"},
    "Reconcile": {"DatabaseSecretArn", "CacheSecretArn"},
    "CountUsage": {"DatabaseSecretArn", "CacheSecretArn"},
    "WriteMinutes": {"DatabaseSecretArn", "CacheSecretArn"},
    "ExpireApiKeys": {"DatabaseSecretArn", "CacheSecretArn"},
    "Purge": {"DatabaseSecretArn", "CacheSecretArn"},
}
FED = {"BrokerAdmin", "ReplayNudged", "DeliverWebhooksNudged"}
"""The functions behind a queue."""
_WRITES_FILES = {"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}
FILES = {
    "APIHandler": {"s3:GetObject", "s3:ListBucket"},
    "Archive": _WRITES_FILES,
    "Export": _WRITES_FILES,
    "Offboard": {"s3:DeleteObject"},
}
"""What a function may do in the bucket of banking."""
WRITTEN: dict[str, set[str]] = {
    "APIHandler": set(),
    "Archive": {"${BankFilesBucketArn}/archive/*"},
    "Export": {"${BankFilesBucketArn}/exports/*"},
    "Offboard": set(),
}
"""Where in it."""
EVENT_SOURCE = {"mq:DescribeBroker", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"}
"""What AWS does with the role of a queue function, to read the queue for it."""
WRITES = "secretsmanager:PutSecretValue"
OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
ANY_RESOURCE = {
    "ec2:AssignPrivateIpAddresses": "the interface does not exist when it is asked for",
    "ec2:CreateNetworkInterface": "the interface does not exist when it is asked for",
    "ec2:DeleteNetworkInterface": "the interface is named by Lambda, later",
    "ec2:DescribeNetworkInterfaces": "describing has no resource",
    "ec2:DescribeSubnets": "describing has no resource",
    "ec2:UnassignPrivateIpAddresses": "the interface is named by Lambda, later",
    "xray:PutTelemetryRecords": "traces have no resource",
    "xray:PutTraceSegments": "traces have no resource",
}
"""Actions for which AWS knows no narrower resource than `*`, and why."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(document: Template) -> list[Template]:
    return as_list(document["Statement"])


def role_statements(role: Template) -> list[Template]:
    return [s for p in role["Properties"]["Policies"] for s in statements(p["PolicyDocument"])]


def functions(template: Template) -> set[str]:
    return {n for n, r in template["Resources"].items() if r["Type"] == "AWS::Lambda::Function"}


def test_function_has_its_own_role(expanded: Template) -> None:
    roles = {
        name: expanded["Resources"][name]["Properties"]["Role"]["Fn::GetAtt"][0]
        for name in functions(expanded)
    }

    assert roles == {name: f"{name}Role" for name in SECRETS}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_role_is_the_least(expanded: Template, name: str) -> None:
    role = expanded["Resources"][f"{name}Role"]
    log, secrets, *rest = role_statements(role)

    assert set(log["Action"]) == OWN_LOG
    assert log["Resource"] == {"Fn::GetAtt": [f"{name}Log", "Arn"]}
    assert as_list(secrets["Action"]) == ["secretsmanager:GetSecretValue"]
    assert {resource["Ref"] for resource in secrets["Resource"]} == SECRETS[name]
    written = [s for s in rest if s["Action"] == WRITES]
    assert [s["Resource"]["Ref"] for s in written] == (
        ["RevocationRecordArn"] if "RevocationRecordArn" in SECRETS[name] else []
    )
    granted = {a for s in rest if s not in written for a in as_list(s["Action"])}
    of_source = EVENT_SOURCE if name in FED else set()
    assert granted == of_source | FILES.get(name, set())
    assert role["Properties"]["ManagedPolicyArns"] == [{"Ref": "InsideTheNetwork"}]


def test_one_function_reaches_the_management(expanded: Template) -> None:
    told = {
        name
        for name in functions(expanded)
        if "RABBITMQ_MANAGEMENT_URL"
        in expanded["Resources"][name]["Properties"]["Environment"]["Variables"]
    }
    groups = {
        name: expanded["Resources"][name]["Properties"]["VpcConfig"]["SecurityGroupIds"]
        for name in functions(expanded)
    }

    assert told == {"BrokerAdmin"}
    assert {n for n, g in groups.items() if {"Ref": "BrokerAdminGroupId"} in g} == told
    sources = {
        r["Properties"]["FunctionName"]["Ref"]: r["Properties"]["Queues"]
        for r in expanded["Resources"].values()
        if r["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    assert sources == {
        "BrokerAdmin": [QUEUE],
        "ReplayNudged": [REPLAYS],
        "DeliverWebhooksNudged": [WEBHOOKS],
    }


def test_only_what_calls_banks_leaves(expanded: Template) -> None:
    """The functions that reach strangers do not know who may call the API, and cannot be told to."""
    groups = {
        name: expanded["Resources"][name]["Properties"]["VpcConfig"]["SecurityGroupIds"]
        for name in functions(expanded)
    }

    assert {name for name, ids in groups.items() if {"Ref": "WayOutGroupId"} in ids} == {
        "DeliverWebhooks",
        "DeliverWebhooksNudged",
    }
    for name in functions(expanded):
        variables = expanded["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert "WEBHOOK_ALLOW_HOSTS" not in variables


def test_functions_have_layer_and_tracing(expanded: Template) -> None:
    (layer,) = (n for n, r in expanded["Resources"].items() if r["Type"].endswith("LayerVersion"))

    for name in functions(expanded):
        properties = expanded["Resources"][name]["Properties"]
        assert properties["Layers"] == [{"Ref": layer}]
        assert properties["TracingConfig"] == {"Mode": "Active"}


def test_function_names_its_readable_secrets(expanded: Template) -> None:
    for name, secrets in SECRETS.items():
        variables = expanded["Resources"][name]["Properties"]["Environment"]["Variables"]
        told = [named_in(v) for n, v in variables.items() if n.endswith("_SECRET_ID")]
        # The event source of a queue's function reads the broker's secret for it.
        own = secrets - {"BrokerSecretArn"} if name == "DeliverWebhooksNudged" else secrets
        assert set[str]().union(*told) == own, name


def named_in(value: dict[str, str]) -> set[str]:
    """The parameters in a reference or a substitution."""
    return {value["Ref"]} if "Ref" in value else set(re.findall(r"\w+", value["Fn::Sub"]))


def test_any_resource_is_explained(expanded: Template) -> None:
    policies = {
        name: resource["Properties"]["PolicyDocument"]
        for name, resource in expanded["Resources"].items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    }
    allowed, denied = set[str](), set[str]()
    for statement in statements(policies["InsideTheNetwork"]):
        (allowed if statement["Effect"] == "Allow" else denied).update(statement["Action"])

    assert list(policies) == ["InsideTheNetwork"]
    assert allowed == ANY_RESOURCE.keys()
    assert denied == {action for action in ANY_RESOURCE if action.startswith("ec2:")}


def test_no_action_is_a_pattern(expanded: Template) -> None:
    found = [
        action
        for resource in expanded["Resources"].values()
        if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
        for document in documents(resource["Properties"])
        for statement in statements(document)
        for action in as_list(statement["Action"])
        if "*" in action
    ]

    assert found == []
    assert "DefaultRole" not in expanded["Resources"]


def documents(properties: Template) -> list[Template]:
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    own = [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return inline + own


def test_roles_allow_exactly_the_calls(expanded: Template) -> None:
    services, calls, of_objects = set[str](), set[str](), set[str]()
    for file in modules(FUNCTIONS, LAYER):
        tree = tree_of(file)
        found = clients(tree)
        services |= found
        if found:
            calls |= calls_on(tree, "client")
            of_objects |= calls_on(tree, "_client(signer)")
    granted = {
        action
        for name in SECRETS
        for statement in role_statements(expanded["Resources"][f"{name}Role"])
        for action in as_list(statement["Action"])
    }

    assert services == {"secretsmanager", "s3"}
    assert calls == {"get_secret_value", "put_secret_value"}
    assert of_objects == {"get_object", "upload_file"}
    assert granted - OWN_LOG - EVENT_SOURCE - set[str]().union(*FILES.values()) == {
        "secretsmanager:GetSecretValue",
        WRITES,
    }


def test_files_are_those_of_the_function(expanded: Template) -> None:
    """Who writes files writes only its own kind of them."""
    for name in FILES:
        places = {
            each["Fn::Sub"]
            for statement in role_statements(expanded["Resources"][f"{name}Role"])
            if "s3:PutObject" in as_list(statement["Action"])
            for each in as_list(statement["Resource"])
        }
        assert places == WRITTEN[name], name


def clients(tree: ast.AST) -> set[str]:
    """The services of every boto3 client, resource or session that the code makes."""
    return {
        json.dumps(ast.unparse(call.args[0])).strip("\"'") if call.args else ast.unparse(call)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith(("boto3.", "botocore."))
    }


def calls_on(tree: ast.AST, name: str) -> set[str]:
    """The methods that are called on a variable."""
    return {
        call.func.attr
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) == name
    }


def test_scan_sees_a_call() -> None:
    tree = ast.parse("client = boto3.client('s3')\nclient.put_object(Bucket='b')")

    assert clients(tree) == {"s3"}
    assert calls_on(tree, "client") == {"put_object"}

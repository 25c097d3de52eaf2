"""The relay's functions in AWS: each reads the least, and only those that deliver reach the internet."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from app import app
from chalicelib.relay.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.relay.delivery.nudges import QUEUE
from chalicelib.relay.schedules.publish_metrics import figures_of
from chalicelib.relay.schedules.run_reconcile import RECONCILED, UNBALANCED
from chalicelib.relay.system import SYSTEM
from fintegrate.schedule_runs import periods
from local.aws.deployment import SERVERS
from local.aws.division import divide
from local.aws.lint import lint
from local.aws.made_up_secrets import GROUPS
from local.aws.packaged import Package, content_key, expand, package
from local.aws.parameters import INFRA, STAGES, fill, read_template

Template = dict[str, Any]
SECRETS = {
    "APIHandler": {
        "RelayDatabaseSecretArn",
        "BrokerSecretArn",
        "CacheSecretArn",
        "RelayUsersSecretArn",
        "RelayKeysSecretArn",
    },
    "PrepareDatabase": {
        "DatabaseMasterSecretArn",
        "RelayDatabaseOwnerSecretArn",
        "RelayDatabaseSecretArn",
        "RelayOmsDatabaseSecretArn",
    },
    "Migrate": {"RelayDatabaseOwnerSecretArn"},
    "RelayIntake": {
        "RelayDatabaseSecretArn",
        "BrokerSecretArn",
        "CacheSecretArn",
        "RelayKeysSecretArn",
    },
    "RelayDeliver": {"RelayDatabaseSecretArn", "CacheSecretArn", "RelayKeysSecretArn"},
    "RelayDeliverNudged": {
        "RelayDatabaseSecretArn",
        "CacheSecretArn",
        "RelayKeysSecretArn",
        "BrokerSecretArn",
    },
    "RelayPublishMetrics": {"RelayDatabaseSecretArn", "CacheSecretArn"},
    "RelayPurge": {"RelayDatabaseSecretArn", "CacheSecretArn"},
    "RelayReconcile": {"RelayDatabaseSecretArn", "CacheSecretArn"},
    "RelayReencrypt": {"RelayDatabaseSecretArn", "CacheSecretArn", "RelayKeysSecretArn"},
}
OF_EVENT_SOURCE = {"RelayDeliverNudged": {"BrokerSecretArn"}}
"""Read with the function's role by AWS, which reads the queue for it. The function is not told of it."""
DELIVERING = {"RelayDeliver", "RelayDeliverNudged"}


@pytest.fixture(scope="module")
def packaged() -> Package:
    return package("relay", "dev")


@pytest.fixture(scope="module")
def expanded(packaged: Package) -> Template:
    code = {n: f"s3://bucket/{content_key(path)}" for n, path in packaged.files().items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        return expand(packaged.template, code)


def functions(template: Template) -> dict[str, Template]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def actions(statement: Template) -> set[str]:
    said = statement["Action"]
    return {said} if isinstance(said, str) else set(said)


@pytest.mark.night_long
def test_linter_has_nothing_to_say(packaged: Package) -> None:
    assert lint([packaged]) == ""


def test_function_reads_the_least(expanded: Template) -> None:
    assert functions(expanded).keys() == SECRETS.keys()
    for name, wanted in SECRETS.items():
        (policy,) = expanded["Resources"][f"{name}Role"]["Properties"]["Policies"]
        _log, secrets, *rest = policy["PolicyDocument"]["Statement"]
        assert actions(secrets) == {"secretsmanager:GetSecretValue"}
        assert {resource["Ref"] for resource in secrets["Resource"]} == wanted, name
        granted = {action for statement in rest for action in actions(statement)}
        assert bool(granted) == (name in OF_EVENT_SOURCE)
        assert granted <= {"mq:DescribeBroker", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"}


def test_function_is_told_of_its_secrets(expanded: Template) -> None:
    for name, properties in functions(expanded).items():
        variables = properties["Environment"]["Variables"]
        told = {
            parameter
            for variable, value in variables.items()
            if variable.endswith("_SECRET_ID")
            for parameter in re.findall(r"\w+", value.get("Ref") or value["Fn::Sub"])
        }
        assert told == SECRETS[name] - OF_EVENT_SOURCE.get(name, set()), name


def test_deliverers_alone_reach_the_internet(expanded: Template) -> None:
    for name, properties in functions(expanded).items():
        network = properties["VpcConfig"]
        inside = {"Ref": "SubnetIds"} if name not in DELIVERING else {"Ref": "WayOutSubnetIds"}
        assert network["SubnetIds"] == inside, name
        assert ({"Ref": "WayOutGroupId"} in network["SecurityGroupIds"]) == (name in DELIVERING)
    for name in DELIVERING:
        properties = functions(expanded)[name]
        assert (properties["Timeout"], properties["MemorySize"]) == (120, 1024)


def test_subnets_of_others_have_no_way_out() -> None:
    network = load(str(INFRA / "network.yaml"))["Resources"]
    way_out = load(str(INFRA / "way_out.yaml"))["Resources"]
    kinds = {resource["Type"] for resource in network.values()}
    nat = {n for n, r in way_out.items() if r["Type"] == "AWS::EC2::NatGateway"}

    assert not kinds & {"AWS::EC2::Route", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"}
    assert {way_out[name].get("Condition") for name in nat} == {None, "NatInBothZones"}
    (rule,) = way_out["WayOutGroup"]["Properties"]["SecurityGroupEgress"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert "SecurityGroupIngress" not in way_out["WayOutGroup"]["Properties"]


def test_queue_is_the_nudges(expanded: Template) -> None:
    (source,) = (
        resource["Properties"]
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    )

    assert source["Queues"] == [QUEUE]
    assert source["FunctionName"] == {"Ref": "RelayDeliverNudged"}


def test_secrets_name_the_databases_users() -> None:
    (database,) = SYSTEM.databases
    secrets = load(str(INFRA / "secrets.yaml"))["Resources"]
    made = {
        name: secrets[name]["Properties"]["GenerateSecretString"]["SecretStringTemplate"]
        for name in ("RelayDatabaseSecret", "RelayDatabaseOwnerSecret", "RelayOmsDatabaseSecret")
    }

    assert json.loads(made["RelayDatabaseSecret"]) == {"username": database.app_role}
    assert json.loads(made["RelayDatabaseOwnerSecret"]) == {"username": database.owner_role}
    (guest,) = database.guest_roles.values()
    assert json.loads(made["RelayOmsDatabaseSecret"]) == {"username": guest}


def test_deployment_makes_what_is_made_up() -> None:
    made = [setting for group in GROUPS for settings in group.values() for setting in settings]

    assert [setting for setting in made if setting.startswith("RELAY_")] == list(SYSTEM.made_up)


@pytest.mark.parametrize("stage", STAGES)
def test_earlier_stacks_give_the_parameters(stage: str, expanded: Template) -> None:
    outputs: dict[str, str] = {}
    for parts in SERVERS:
        outputs |= {name: name for part in parts for name in read_template(part)["Outputs"]}

    for own in (*divide(expanded), read_template("monitoring/relay")):
        fill(own, stage, outputs, {}, system="relay")


def test_every_schedule_has_its_alarm() -> None:
    resources = load(str(INFRA / "monitoring" / "relay.yaml"))["Resources"]
    text = json.dumps(
        {name: each for name, each in resources.items() if name.startswith("Schedule")}
    )
    watched = set(re.findall(r"fintegrate-relay-\$\{Stage\}-(?!schedule)([\w-]+)", text))

    assert watched == {name.replace("_", "-") for name in periods(app.event_sources, "relay")}
    alarms = [each["Properties"] for each in resources.values() if each["Type"].endswith("::Alarm")]
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms)


def test_alarms_watch_published_figures() -> None:
    resources = load(str(INFRA / "monitoring" / "relay.yaml"))["Resources"].values()
    watched = {
        resource["Properties"]["MetricName"]
        for resource in resources
        if resource["Properties"].get("Namespace") == CLOUDWATCH_NAMESPACE
    }

    assert watched == {"BlockedLanes", "RefusingLanes", "OldestPendingAge", "OldestIntakeAge"} | {
        UNBALANCED,
        RECONCILED,
    }
    assert {"BlockedLanes", "RefusingLanes", "OldestPendingAge"} <= figures_of([]).keys()


def test_log_filters_name_real_logs(expanded: Template) -> None:
    resources = load(str(INFRA / "monitoring" / "relay.yaml"))["Resources"].values()
    filtered = {
        resource["Properties"]["LogGroupName"]["Fn::Sub"].rpartition("/")[2]
        for resource in resources
        if resource["Type"] == "AWS::Logs::MetricFilter"
    }
    logs = {
        resource["Properties"]["LogGroupName"]["Fn::Sub"].rpartition("/")[2]
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }

    assert filtered <= logs

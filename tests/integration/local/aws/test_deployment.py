"""A deployment to a moto server leaves what app.py promises, piece by piece."""

from __future__ import annotations

import json
import sys
from typing import Any

import bcrypt
import boto3
import pytest

from app import app
from chalicelib.banking.configuration import Configuration
from fintegrate.access.keys import ApiKeys
from fintegrate.outside_record import LONGEST, RecordUnavailable, record_at
from fintegrate.settings import load
from local.aws.packaged import Package
from local.documents import routes_of
from tests.integration.local.aws.account import (
    API_NAME,
    FUNCTION_ARN,
    MADE_LATER,
    api_id_of,
)
from tests.integration.local.aws.conftest import Deployed

OF_VIRTUAL_HOSTS = "prepare_broker"
"""In the packages of systems with a virtual host of the broker; banking has none of its own."""
BANKINGS = ("chalicelib.banking.", "chalicelib.operations.")
"""The modules of the package."""
SCHEDULES = {
    source.name: source.schedule_expression.to_string()
    for source in app.event_sources
    if source.handler_string.startswith(BANKINGS)
}
PURE = {
    function.name
    for function in app.pure_lambda_functions
    if function.handler_string.startswith(BANKINGS) and function.name != OF_VIRTUAL_HOSTS
}
FUNCTIONS = {"api"} | PURE | set(SCHEDULES)
VERIFIED = (
    "?sslmode=verify-full"
    "&sslrootcert=/opt/python/lib/python3.11/site-packages/fintegrate/amazon-rds.pem"
)
CALLS_OUT = {"broker_admin", "deliver_webhooks", "deliver_webhooks_nudged"}
TWO_GROUPS = CALLS_OUT | {"api", "archive", "export", "offboard"}
"""The functions that also have the group of the way out, or of banking's files."""
SECRETS = {
    "api": {"DATABASE", "RABBITMQ", "REDIS", "SETTINGS", "RECORD"},
    "recover": {"DATABASE", "RABBITMQ", "REDIS", "RECORD"},
    "watch_restore": {"DATABASE", "REDIS", "RECORD"},
    "broker_admin": {"DATABASE", "RABBITMQ", "RABBITMQ_MANAGEMENT"},
    "prepare_database": {"DATABASE", "DATABASE_OWNER", "DATABASE_MASTER"},
    "migrate": {"DATABASE_OWNER", "SETTINGS"},
    "archive": {"DATABASE", "REDIS"},
    "export": {"DATABASE", "REDIS"},
    "offboard": {"DATABASE", "RABBITMQ", "REDIS"},
    "rewind": {"DATABASE", "RABBITMQ", "REDIS"},
    "onboard": {"DATABASE", "RABBITMQ", "REDIS"},
    "replay": {"DATABASE", "RABBITMQ", "REDIS"},
    "replay_nudged": {"DATABASE", "RABBITMQ", "REDIS"},
    "deliver_webhooks": {"DATABASE", "REDIS", "SETTINGS"},
    "deliver_webhooks_nudged": {"DATABASE", "REDIS", "SETTINGS"},
    "observe_broker": {"DATABASE", "RABBITMQ", "REDIS"},
    "resend": {"DATABASE", "RABBITMQ", "REDIS"},
    "redeliver": {"DATABASE", "RABBITMQ", "REDIS"},
    "sweep_dead_letters": {"DATABASE", "RABBITMQ", "REDIS"},
    "publish_metrics": {"DATABASE", "REDIS"},
    "reconcile": {"DATABASE", "REDIS"},
    "count_usage": {"DATABASE", "REDIS"},
    "write_minutes": {"DATABASE", "REDIS"},
    "expire_api_keys": {"DATABASE", "REDIS"},
    "purge": {"DATABASE", "REDIS"},
}
"""Which secrets each function is told of; test_roles.py holds its role to the same ones."""


def in_aws(name: str) -> str:
    return f"fintegrate-banking-dev-{name.replace('_', '-')}"


def configuration(name: str) -> dict[str, Any]:
    return dict(boto3.client("lambda").get_function_configuration(FunctionName=in_aws(name)))


def settings_of(name: str) -> Configuration:
    return load(Configuration, variables_of(name))


def variables_of(name: str) -> dict[str, str]:
    variables = configuration(name)["Environment"]["Variables"]
    return {variable: str(value) for variable, value in variables.items()}  # moto keeps numbers


def test_order_of_the_steps(deployed: Deployed) -> None:
    assert deployed.stacks.started == [
        f"fintegrate-dev-{part}"
        for part in (
            *("artifacts", "network", "secrets"),
            *("database", "broker", "cache", "way_out", "videos", "bank_files"),
            *("monitoring-servers", "banking-migration", "banking-functions", "monitoring-banking"),
        )
    ]
    assert deployed.looked_at == ["https://api.test"]


@pytest.mark.usefixtures("deployed")
def test_exactly_these_functions_exist() -> None:
    found = boto3.client("lambda").list_functions()["Functions"]

    assert {function["FunctionName"] for function in found} == {in_aws(n) for n in FUNCTIONS}
    assert SECRETS.keys() == FUNCTIONS


@pytest.fixture(scope="module")
def configurations(deployed: Deployed) -> dict[str, dict[str, Any]]:
    """What AWS knows of each function; asked once."""
    assert deployed
    return {name: configuration(name) for name in FUNCTIONS}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_runs_inside_the_network(
    name: str, packaged: Package, configurations: dict[str, dict[str, Any]]
) -> None:
    function = configurations[name]

    assert function["Runtime"] == f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert function["CodeSize"] == packaged.files()["./deployment.zip"].stat().st_size
    assert len(function["VpcConfig"]["SubnetIds"]) == 1
    groups = 2 if name in TWO_GROUPS else 1
    assert len(function["VpcConfig"]["SecurityGroupIds"]) == groups
    role = boto3.client("iam").get_role(RoleName=function["Role"].rpartition("/")[2])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "Service": "lambda.amazonaws.com"
    }
    roles = [other["Role"] for other in configurations.values()]
    assert roles.count(function["Role"]) == 1


@pytest.mark.usefixtures("deployed")
def test_layer_holds_our_packages(packaged: Package) -> None:
    client = boto3.client("lambda")
    size = packaged.files()["./layer-deployment.zip"].stat().st_size

    layers = client.list_layers()["Layers"]
    sizes = {
        client.get_layer_version(LayerName=layer["LayerName"], VersionNumber=1)["Content"][
            "CodeSize"
        ]
        for layer in layers
    }

    assert sizes == {size}


@pytest.mark.usefixtures("deployed")
def test_handlers_and_times() -> None:
    api, migrate = configuration("api"), configuration("migrate")

    assert (api["Handler"], api["Timeout"]) == ("app.app", 29)
    assert migrate["Timeout"] == 900
    assert migrate["Handler"].endswith(".run_migrations")


@pytest.mark.usefixtures("deployed")
def test_exactly_these_routes_exist() -> None:
    api_id = api_id_of(API_NAME)
    found = boto3.client("apigateway").get_resources(restApiId=api_id, limit=500, embed=["methods"])
    methods = {
        item["path"]: item["resourceMethods"]
        for item in found["items"]
        if item.get("resourceMethods")
    }

    assert {path: set(known) - {"ANY"} for path, known in methods.items()} == {
        path: set(known) for path, known in routes_of("banking").items()
    }
    for known in methods.values():
        assert "ANY" in known  # a wrong method reaches Chalice, which says 405 with Allow
        for method in known.values():
            assert method["methodIntegration"]["type"].lower() == "aws_proxy"
            assert f"{FUNCTION_ARN}/invocations" in method["methodIntegration"]["uri"]


@pytest.mark.usefixtures("deployed")
def test_stage_is_served() -> None:
    stages = boto3.client("apigateway").get_stages(restApiId=api_id_of(API_NAME))["item"]

    assert [stage["stageName"] for stage in stages] == ["api"]


@pytest.mark.usefixtures("deployed")
def test_api_may_call_its_function() -> None:
    statements = policy_of("api")

    assert [s["Principal"] for s in statements] == [{"Service": "apigateway.amazonaws.com"}]
    source = statements[0]["Condition"]["ArnLike"]["AWS:SourceArn"]
    assert source.endswith(f":{api_id_of(API_NAME)}/*")


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_schedule_calls_its_function(name: str) -> None:
    events, arn = boto3.client("events"), configuration(name)["FunctionArn"]
    rules = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]

    rule = events.describe_rule(Name=rules[0])

    assert len(rules) == 1
    assert (rule["ScheduleExpression"], rule["State"]) == (SCHEDULES[name], "ENABLED")
    (statement,) = policy_of(name)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == rule["Arn"]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", ["prepare_database", "migrate"])
def test_only_deployment_calls_migration(name: str) -> None:
    with pytest.raises(Exception, match="ResourceNotFound"):
        policy_of(name)


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_logs_are_kept_for_days(name: str) -> None:
    prefix = f"/fintegrate/banking/dev/{name.replace('_', '-')}"
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]

    kept = {group["logGroupName"]: group["retentionInDays"] for group in groups}
    assert kept[prefix] == 14


@pytest.mark.usefixtures("deployed")
def test_admin_key_was_made() -> None:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId="admin")

    made = json.loads(secret["SecretString"])["ADMIN_API_KEY"]
    assert ApiKeys(settings_of("api").api_key_check_secret).parse(made) is not None


def made_values() -> dict[str, dict[str, str]]:
    client = boto3.client("secretsmanager")
    stored = {name: client.get_secret_value(SecretId=name) for name in MADE_LATER}
    return {name: json.loads(each["SecretString"]) for name, each in stored.items()}


def test_relays_secrets_were_made(deployed: Deployed) -> None:
    made = made_values()
    users = json.loads(made["RelayUsersSecret"]["RELAY_USERS"])
    passwords = made["RelayPasswordsSecret"]
    (hashed,) = users["admin"]["hashes"]
    assert bcrypt.checkpw(passwords["RELAY_ADMIN_PASSWORD"].encode(), hashed.encode())
    assert users.keys() == {"admin", "oms"}
    assert "k1" in json.loads(made["RelayKeysSecret"]["RELAY_KEYS"])
    kept = [word for name, word in passwords.items() if name.endswith("_PASSWORD")]
    assert len(kept) == 2
    assert not any(word in line for line in deployed.said for word in kept)


@pytest.mark.usefixtures("deployed")
def test_api_reads_credentials_from_secrets() -> None:
    settings = settings_of("api")

    password = "d%2Fb%3A%20p%40ss%3F"
    assert settings.database_url == (
        f"postgresql://fintegrate_app:{password}@proxy.test:5432/fintegrate{VERIFIED}"
    )
    assert settings.database_options == "server"
    assert settings.rabbitmq_url == "amqps://fintegrate:broker-password@broker.test:5671/%2F"
    assert settings.redis_url == "rediss://:cache-token@cache.test:6379/0"
    assert settings.admin_api_key == ""


@pytest.mark.usefixtures("deployed")
def test_migration_goes_past_the_proxy() -> None:
    settings, preparing = settings_of("migrate"), settings_of("prepare_database")

    assert ApiKeys(settings.api_key_check_secret).parse(settings.admin_api_key) is not None
    direct = f"@database.test:5432/fintegrate{VERIFIED}"
    assert settings.database_owner_url == f"postgresql://fintegrate_owner:owner-password{direct}"
    assert preparing.database_owner_url == settings.database_owner_url
    assert preparing.database_master_url == f"postgresql://fintegrate:master-password{direct}"
    assert preparing.database_url == settings_of("api").database_url


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_learns_only_its_secrets(name: str) -> None:
    variables = variables_of(name)
    settings = settings_of(name)

    told = {n.removesuffix("_SECRET_ID") for n in variables if n.endswith("_SECRET_ID")}
    assert told == SECRETS[name]
    assert not any("@" in value for value in variables.values())
    assert ("fintegrate_app" in settings.database_url) == ("DATABASE" in told)
    assert ("owner-password" in settings.database_owner_url) == ("DATABASE_OWNER" in told)
    assert ("DATABASE_OWNER_URL" in variables) == (name in ("migrate", "prepare_database"))
    assert ("DATABASE_MASTER_URL" in variables) == (name == "prepare_database")
    assert ("broker-password" in settings.rabbitmq_url) == ("RABBITMQ" in told)
    assert ("admin-password" in settings.rabbitmq_management_url) == (name == "broker_admin")
    assert ("RABBITMQ_MANAGEMENT_URL" in variables) == (name == "broker_admin")
    assert ("cache-token" in settings.redis_url) == ("REDIS" in told)
    assert (settings.api_key_check_secret != "") == (name in {"api", "migrate"})
    seals = {"api", "deliver_webhooks", "deliver_webhooks_nudged"}
    assert (settings.webhook_keys != "") == (name in seals)
    assert (settings.admin_api_key != "") == (name == "migrate")


@pytest.mark.usefixtures("deployed")
def test_record_is_a_secret() -> None:
    record = record_at(settings_of("watch_restore").record_secret_id)
    assert record is not None
    assert record.read() == {}

    record.write({"epoch": 2})

    assert record.read() == {"epoch": 2}
    with pytest.raises(RecordUnavailable, match="longer than"):
        record.write({"marks": "x" * LONGEST})
    boto3.client("secretsmanager").delete_secret(SecretId="RevocationRecordArn")
    with pytest.raises(RecordUnavailable, match="the secret store, to read"):
        record.read()
    boto3.client("secretsmanager").restore_secret(SecretId="RevocationRecordArn")


def test_running_again_keeps_what_is_there(deployed: Deployed) -> None:
    key = boto3.client("secretsmanager").get_secret_value(SecretId="admin")["SecretString"]
    made = made_values()

    deployed.run_again()

    again = boto3.client("secretsmanager").get_secret_value(SecretId="admin")["SecretString"]
    assert again == key
    assert made_values() == made
    found = boto3.client("lambda").list_functions()["Functions"]
    assert {function["FunctionName"] for function in found} == {in_aws(n) for n in FUNCTIONS}


def policy_of(name: str) -> list[dict[str, Any]]:
    """The statements that let others call the function."""
    policy = boto3.client("lambda").get_policy(FunctionName=in_aws(name))["Policy"]
    return list(json.loads(policy)["Statement"])

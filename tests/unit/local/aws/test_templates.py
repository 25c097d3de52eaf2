"""The templates are clean, fit together, and say of each stage what was promised."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from chalicelib.banking.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.banking.schedules import publish_metrics, run_reconcile
from chalicelib.banking.system import SYSTEM
from fintegrate.schedule_runs import periods
from local.aws.deployment import SERVERS, all_parts
from local.aws.division import divide
from local.aws.lint import lint
from local.aws.packaged import Package
from local.aws.parameters import INFRA, STAGES, fill, read_template, stage_values
from local.machine.python_program import python_program

Template = dict[str, Any]
PUBLISHED = {
    *publish_metrics.COUNTS.values(),
    *publish_metrics.AGES.values(),
    *(publish_metrics.PAUSE, publish_metrics.NOT_OPEN),
    *(run_reconcile.DISCREPANCIES, run_reconcile.COMMITTED),
}


@pytest.mark.night_long
def test_linter_has_nothing_to_say(packaged: Package) -> None:
    assert lint([packaged]) == ""


@pytest.mark.night_long
def test_divided_templates_are_clean(expanded: Template, tmp_path: Path) -> None:
    parts = dict(zip(("migration", "functions"), divide(expanded), strict=True))
    for name, part in parts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(part), encoding="utf-8")

    done = subprocess.run(
        [
            *python_program("cfn-lint"),
            "-r",
            "eu-central-1",
            "--",
            *map(str, tmp_path.glob("*.json")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("stage", STAGES)
def test_earlier_stacks_give_the_parameters(stage: str, expanded: Template) -> None:
    outputs: dict[str, str] = {}
    for parts in SERVERS:
        found = dict[str, str]()
        for part in parts:
            template = read_template(part)
            fill(template, stage, outputs, {})
            found |= {name: f"{part}.{name}" for name in template["Outputs"]}
        assert not found.keys() & outputs.keys()
        outputs |= found

    for own in (*divide(expanded), read_template("monitoring/banking")):
        fill(own, stage, outputs, {}, system="banking")


@pytest.mark.parametrize("stage", STAGES)
def test_stage_file_sets_known_parameters(stage: str, expanded: Template) -> None:
    taken = set(expanded["Parameters"])
    for name in (part.name for part in all_parts() if (INFRA / f"{part.name}.yaml").exists()):
        taken |= read_template(name).get("Parameters", {}).keys()

    assert stage_values(stage).keys() <= taken


@pytest.mark.parametrize(("stage", "holds"), [("dev", False), ("prod", True)])
def test_prod_is_redundant_and_protected(stage: str, holds: bool) -> None:
    database = properties("database", "Database", stage)
    broker = properties("broker", "Broker", stage)
    cache = properties("cache", "Cache", stage)

    assert database["MultiAZ"] is holds
    assert database["DeletionProtection"] is holds
    assert (broker["DeploymentMode"] == "CLUSTER_MULTI_AZ") is holds
    assert cache["MultiAZEnabled"] is holds
    assert int(stage_values(stage)["BackupDays"]) >= 7
    assert (stage_values(stage)["UseProxy"] == "true") is holds


def test_everything_is_encrypted_private_and_kept() -> None:
    database = load(str(INFRA / "database.yaml"))["Resources"]["Database"]
    cache = properties("cache", "Cache", "dev")

    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot"
    assert database["Properties"]["StorageEncrypted"] is True
    assert database["Properties"]["PubliclyAccessible"] is False
    assert database["Properties"]["ManageMasterUserPassword"] is True
    assert properties("broker", "Broker", "dev")["PubliclyAccessible"] is False
    assert cache["TransitEncryptionEnabled"] is cache["AtRestEncryptionEnabled"] is True
    assert "resolve:secretsmanager" in str(cache["AuthToken"])


def test_statements_values_are_kept_nowhere() -> None:
    """They are names and tags: neither a log nor samples of statements may have them."""
    parameters = properties("database", "ServerSettings", "prod")["Parameters"]

    assert parameters["log_min_duration_statement"] == "-1"
    assert parameters["log_min_error_statement"] == "fatal"
    assert parameters["log_error_verbosity"] == "terse"
    assert properties("database", "Database", "prod")["EnablePerformanceInsights"] is False
    assert not properties("database", "Proxy", "prod").get("DebugLogging")


def test_secrets_name_the_databases_users() -> None:
    (of_banking,) = SYSTEM.databases
    secrets = {
        name: properties("secrets", name, "dev")["GenerateSecretString"]
        for name in ("DatabaseSecret", "DatabaseOwnerSecret")
    }
    made = {name: json.loads(said["SecretStringTemplate"]) for name, said in secrets.items()}
    master = properties("database", "Database", "dev")["MasterUsername"]

    assert made["DatabaseSecret"] == {"username": of_banking.app_role}
    assert made["DatabaseOwnerSecret"] == {"username": of_banking.owner_role}
    assert str(master) not in {of_banking.app_role, of_banking.owner_role}


def test_server_sets_the_functions_options() -> None:
    from chalicelib.banking.configuration import Configuration

    defaults = Configuration("", "", "")
    parameters = properties("database", "ServerSettings", "dev")["Parameters"]

    assert parameters["statement_timeout"] == str(defaults.database_statement_timeout_ms)
    assert parameters["lock_timeout"] == str(defaults.database_lock_timeout_ms)
    assert parameters["timezone"] == "UTC"


def test_alarms_go_by_published_metrics() -> None:
    resources = load(str(INFRA / "monitoring" / "banking.yaml"))["Resources"]
    alarms = {n: r["Properties"] for n, r in resources.items() if r["Type"].endswith("::Alarm")}

    assert alarms.keys() >= {
        *("PendingTooLong", "UndeliveredTooLong", "DeadLetters"),
        *("ServerErrors", "Throttles", "BreakerOpen", "NotBalanced", "NotReconciled"),
    }
    assert ours(alarms) <= PUBLISHED
    assert ours(alarms) | named_by_the_dashboard(resources) == PUBLISHED
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms.values())


def test_breaker_of_every_publisher_is_watched(expanded: Template) -> None:
    resources = load(str(INFRA / "monitoring" / "banking.yaml"))["Resources"].values()
    watched = {
        resource["Properties"]["LogGroupName"]["Fn::Sub"].rpartition("/")[2]
        for resource in resources
        if resource["Type"] == "AWS::Logs::MetricFilter"
    } - {"access"}

    assert watched == {"api", "resend", "redeliver"}
    names = {
        resource["Properties"]["LogGroupName"]["Fn::Sub"].rpartition("/")[2]
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }
    assert watched <= names


def test_attacks_and_full_servers_raise_alarms() -> None:
    servers = load(str(INFRA / "monitoring" / "servers.yaml"))["Resources"]
    banking = load(str(INFRA / "monitoring" / "banking.yaml"))["Resources"]

    assert servers.keys() >= {"DatabaseBusy", "BrokerMemoryLow", "BrokerDiskLow", "QueuesDeep"}
    assert banking.keys() >= {"FirewallBlocks", "CallersRefused"}


def test_firewalls_metric_is_the_alarms(expanded: Template) -> None:
    firewall = expanded["Resources"]["Firewall"]["Properties"]["VisibilityConfig"]["MetricName"]
    banking = load(str(INFRA / "monitoring" / "banking.yaml"))["Resources"]
    (acl, *_) = banking["FirewallBlocks"]["Properties"]["Dimensions"]

    assert firewall["Fn::Sub"].replace("${System}", "banking") == acl["Value"]["Fn::Sub"]


def test_firewalls_log_holds_no_key(expanded: Template) -> None:
    logging = expanded["Resources"]["FirewallLogging"]["Properties"]

    assert {"SingleHeader": {"Name": "x-api-key"}} in logging["RedactedFields"]
    assert {"QueryString": {}} in logging["RedactedFields"]
    assert {"UriPath": {}} in logging["RedactedFields"]


def test_every_schedule_has_its_alarm() -> None:
    """It is red after a few periods of the schedule at most."""
    from app import app

    resources = load(str(INFRA / "monitoring" / "banking.yaml"))["Resources"]
    alarms = {
        name: resource["Properties"]
        for name, resource in resources.items()
        if name.startswith("Schedule")
    }
    seconds = {
        watched_function(alarm): alarm["EvaluationPeriods"] * period(alarm)
        for alarm in alarms.values()
    }

    expected = {
        f"fintegrate-banking-${{Stage}}-{name.replace('_', '-')}": one
        for name, one in periods(app.event_sources, "banking").items()
    }
    assert seconds.keys() == expected.keys()
    assert all(one < seconds[name] <= 5 * one for name, one in expected.items())
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"breaching"}


def watched_function(alarm: Template) -> str:
    (name,) = {
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::Sub"]
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }
    return str(name)


def period(alarm: Template) -> int:
    (seconds,) = {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m}
    return int(seconds)


def ours(alarms: Template) -> set[str]:
    """Names of the metrics with our namespace; those of log filters are made in the template."""
    metrics = [alarm for alarm in alarms.values() if "MetricName" in alarm]
    metrics += [
        metric["MetricStat"]["Metric"]
        for alarm in alarms.values()
        for metric in alarm.get("Metrics", [])
        if "MetricStat" in metric
    ]
    names = [m["MetricName"] for m in metrics if m["Namespace"] == CLOUDWATCH_NAMESPACE]
    return {str(name) for name in names if isinstance(name, str)}


def named_by_the_dashboard(resources: Template) -> set[str]:
    body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    rows = [row for widget in body["widgets"] for row in widget["properties"]["metrics"]]
    candidates = {cell for row in rows for cell in row if isinstance(cell, str)}
    return candidates & PUBLISHED


def properties(part: str, name: str, stage: str) -> Template:
    """A resource's properties with the conditions of the stage decided."""
    template = load(str(INFRA / f"{part}.yaml"))
    return dict(decided(template["Resources"][name]["Properties"], stage))


def decided(value: Any, stage: str) -> Any:
    if isinstance(value, list):
        return [decided(item, stage) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"Fn::If"} and value["Fn::If"][0] in {"IsProd", "IsCluster"}:
            _, yes, no = value["Fn::If"]
            return yes if stage == "prod" else no
        return {name: decided(item, stage) for name, item in value.items()}
    return value

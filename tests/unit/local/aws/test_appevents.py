"""The functions of app.events in AWS: each reads the least, and a service its own database alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from app import app
from chalicelib.appevents.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.appevents.schedules.publish_metrics import figures_of
from chalicelib.appevents.system import SYSTEM
from chalicelib.appevents.video.uploads import original_key
from chalicelib.appevents.wiring import SETTINGS
from fintegrate.schedule_runs import periods
from local.aws.deployment import SERVERS
from local.aws.division import divide
from local.aws.lint import lint
from local.aws.packaged import Package, content_key, expand, package
from local.aws.parameters import INFRA, STAGES, fill, read_template

Template = dict[str, Any]
DATABASES = {each.name.removesuffix("_db"): each for each in SYSTEM.databases}
ALL_DATABASES = {f"{name.capitalize()}DatabaseSecretArn" for name in DATABASES}
OWNERS = {f"{name.capitalize()}DatabaseOwnerSecretArn" for name in DATABASES}
BROKER_AND_CACHE = {"AppBrokerSecretArn", "CacheSecretArn"}
QUEUES = {
    function.name: function.func.__queue__
    for function in app.pure_lambda_functions
    if function.name.startswith("app_") and hasattr(function.func, "__queue__")
}
"""The functions of queues, by their names."""
SECRETS = {
    "APIHandler": {
        *(*ALL_DATABASES, *BROKER_AND_CACHE),
        *("AppTokenSecretArn", "AppKeysSecretArn", "AiKeySecretArn"),
    },
    "PrepareDatabase": {"DatabaseMasterSecretArn", *OWNERS, *ALL_DATABASES},
    "PrepareBroker": {"BrokerAdminSecretArn", "AppBrokerSecretArn"},
    "Migrate": OWNERS,
    "AppResend": {*ALL_DATABASES, *BROKER_AND_CACHE},
    "AppSweepDeadLetters": {"NotifyDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppPurge": {*ALL_DATABASES, *BROKER_AND_CACHE},
    "AppPublishMetrics": {"NotifyDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppRemind": {"ProgramDatabaseSecretArn", "NotifyDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppVideoUpkeep": {"VideoDatabaseSecretArn", "NotifyDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppRotateFeedKeys": {"SettingsDatabaseSecretArn", "AppKeysSecretArn", *BROKER_AND_CACHE},
    "AppNotification": {"NotifyDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppMachine": {"MachineDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppProgram": {"ProgramDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppDm": {"DmDatabaseSecretArn", *BROKER_AND_CACHE},
    "AppSettings": {"SettingsDatabaseSecretArn", "AppKeysSecretArn", *BROKER_AND_CACHE},
    "AppVideo": {"VideoDatabaseSecretArn", "AppKeysSecretArn", *BROKER_AND_CACHE},
    "AppProcessing": {"VideoDatabaseSecretArn", *BROKER_AND_CACHE},
}
EVENT_SOURCE = {"mq:DescribeBroker", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"}
"""What AWS does with the role of a queue function, to read the queue for it."""
WHOLE_BUCKET = {'{"Ref": "VideosBucketArn"}': {"s3:ListBucket"}}
ALL_OBJECTS = {
    '{"Fn::Sub": "${VideosBucketArn}/*"}': {
        *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    },
    **WHOLE_BUCKET,
}
IN_THE_BUCKET = {
    "APIHandler": ALL_OBJECTS,
    "AppVideo": {'{"Fn::Sub": "${VideosBucketArn}/uploads/*"}': {"s3:PutObject"}},
    "AppVideoUpkeep": ALL_OBJECTS,
    "AppProcessing": {
        '{"Fn::Sub": "${VideosBucketArn}/uploads/*"}': {"s3:GetObject"},
        '{"Fn::Sub": "${VideosBucketArn}/media/*"}': {"s3:AbortMultipartUpload", "s3:PutObject"},
        **WHOLE_BUCKET,
    },
}
"""What the functions that sign URLs of the bucket, or call it, may do there, by the resource."""


@pytest.fixture(scope="module")
def packaged() -> Package:
    return package("appevents", "dev")


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


def variables(properties: Template) -> Template:
    found: Template = properties["Environment"]["Variables"]
    return found


def logical(name: str) -> str:
    """The resource of a function."""
    return "".join(part.capitalize() for part in name.split("_"))


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
        of_queue = EVENT_SOURCE if name in map(logical, QUEUES) else set[str]()
        of_bucket = IN_THE_BUCKET.get(name, {})
        assert granted == of_queue.union(*of_bucket.values()), name
        on = {json.dumps(s["Resource"]): actions(s) for s in rest if not actions(s) & EVENT_SOURCE}
        assert on == of_bucket, name


def test_function_is_told_of_its_secrets(expanded: Template) -> None:
    for name, properties in functions(expanded).items():
        told = {
            parameter
            for variable, value in variables(properties).items()
            if variable.endswith("_SECRET_ID")
            for parameter in re.findall(r"\w+SecretArn", json.dumps(value))
        }
        assert told == SECRETS[name], name


def test_service_knows_its_own_database_alone(expanded: Template) -> None:
    for name, properties in functions(expanded).items():
        addresses = {v for v in variables(properties) if v.endswith("_DATABASE_URL")}
        secret = {s for s in SECRETS[name] if s in ALL_DATABASES}
        assert name == "Migrate" or addresses == {
            f"{s.removesuffix('DatabaseSecretArn').upper()}_DATABASE_URL" for s in secret
        }, name


def test_each_queue_feeds_its_function(expanded: Template) -> None:
    sources = {
        resource["Properties"]["FunctionName"]["Ref"]: resource["Properties"]
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    }

    assert sources.keys() == set(map(logical, QUEUES))
    for name, queue in QUEUES.items():
        source = sources[logical(name)]
        assert (source["Queues"], source["BatchSize"]) == ([queue.name], queue.batch)
        assert "MaximumBatchingWindowInSeconds" not in source
        assert {a["Type"]: a["URI"] for a in source["SourceAccessConfigurations"]} == {
            "BASIC_AUTH": {"Ref": "AppBrokerSecretArn"},
            "VIRTUAL_HOST": SYSTEM.brokers[0].virtual_host,
        }


def test_one_function_reaches_the_management(expanded: Template) -> None:
    told = {
        name
        for name, properties in functions(expanded).items()
        if "RABBITMQ_MANAGEMENT_URL" in variables(properties)
    }
    admitted = {
        name
        for name, properties in functions(expanded).items()
        if {"Ref": "BrokerAdminGroupId"} in properties["VpcConfig"]["SecurityGroupIds"]
    }

    assert told == admitted == {"PrepareBroker"}


def test_users_broker_is_made_before_it_is_used(expanded: Template) -> None:
    before, rest = divide(expanded)

    assert "PrepareBroker" in before["Resources"]
    assert "PrepareBroker" not in rest["Resources"]


def test_bucket_and_keys_are_reached(expanded: Template) -> None:
    """No other function has a way out."""
    for name, properties in functions(expanded).items():
        network, goes_out = properties["VpcConfig"], name in IN_THE_BUCKET
        assert network["SubnetIds"] == {"Ref": "WayOutSubnetIds" if goes_out else "SubnetIds"}
        assert ({"Ref": "WayOutGroupId"} in network["SecurityGroupIds"]) is goes_out, name
        assert ("OBJECT_STORE_BUCKET" in variables(properties)) is goes_out, name


def test_api_checks_tokens_in_one_way(expanded: Template) -> None:
    condition, fetches, shares = secrets_of_settings(expanded)

    assert condition == "FetchesKeys"
    assert "AppTokenSecretArn" not in json.dumps(fetches)
    assert all("${AppTokenSecretArn}" in each["Fn::Sub"] for each in shares["Fn::If"][1:])


def test_key_of_the_ai_is_read_with_it_only(expanded: Template) -> None:
    for each in secrets_of_settings(expanded)[1:]:
        condition, with_ai, without = each["Fn::If"]

        assert condition == "HasAi"
        assert "AiKeySecretArn" in json.dumps(with_ai)
        assert "AiKeySecretArn" not in json.dumps(without)
        assert all("AppKeysSecretArn" in json.dumps(secrets) for secrets in (with_ai, without))


def secrets_of_settings(expanded: Template) -> Any:
    return variables(functions(expanded)["APIHandler"])["SETTINGS_SECRET_ID"]["Fn::If"]


def test_no_address_comes_after_the_first_deployment(expanded: Template) -> None:
    """The API takes the keys of access tokens from the settings' database, not from its own address."""
    api = variables(functions(expanded)["APIHandler"])

    assert "FEED_ACCESS_JWKS_URL" not in api
    assert "SETTINGS_DATABASE_URL" in api


def test_videos_have_room_and_a_program(expanded: Template) -> None:
    processing = functions(expanded)["AppProcessing"]
    shared, own = processing["Layers"]

    assert [shared] == functions(expanded)["AppVideo"]["Layers"]
    assert expanded["Resources"][own["Ref"]]["Properties"]["Content"]["S3Key"].startswith("ffmpeg")
    assert processing["EphemeralStorage"] == {"Size": 2048}
    assert (processing["MemorySize"], processing["Timeout"]) == (3008, 780)


def test_gateway_answers_each_preflight(expanded: Template) -> None:
    paths = expanded["Resources"]["RestAPI"]["Properties"]["Body"]["paths"]

    for path, operations in paths.items():
        mock = operations["options"]["x-amazon-apigateway-integration"]
        (answer,) = mock["responses"].values()
        said = {n.rpartition(".")[2]: v for n, v in answer["responseParameters"].items()}
        methods = {m.upper() for m in operations if m in ("get", "post", "put", "patch", "delete")}
        assert (mock["type"], answer["statusCode"]) == ("mock", "204"), path
        allowed = set(said["Access-Control-Allow-Methods"].strip("'").split(", "))
        assert allowed - {"HEAD"} == methods, path
        assert ("HEAD" in allowed) == ("GET" in methods), path
        assert said["Vary"] == "'Origin'"
        assert "Access-Control-Allow-Origin" not in said  # only the mapping template may say it
        declared = operations["options"]["responses"]["204"]["headers"].keys()
        assert declared == {*said, "Access-Control-Allow-Origin"}


def test_preflight_names_only_what_is_listed(expanded: Template) -> None:
    paths = expanded["Resources"]["RestAPI"]["Properties"]["Body"]["paths"]
    integration = paths["/api/v1/notify/events"]["options"]["x-amazon-apigateway-integration"]
    mapping = integration["responses"]["default"]["responseTemplates"]["application/json"][
        "Fn::Sub"
    ]

    assert '#set($listed = ",${CorsOrigins},")' in mapping
    assert '$listed.contains(",$origin,")' in mapping
    assert mapping.count("$context.responseOverride") == 1  # API Gateway refuses a second one


def test_pages_read_the_gateways_answers(expanded: Template) -> None:
    body = expanded["Resources"]["RestAPI"]["Properties"]["Body"]
    anybody = {"Fn::If": ["ListsOrigins", "'*'", {"Ref": "AWS::NoValue"}]}
    for answer in body["x-amazon-apigateway-gateway-responses"].values():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == anybody
        exposed = headers["gatewayresponse.header.Access-Control-Expose-Headers"]["Fn::If"][1]
        assert "Retry-After" in exposed

    rule = expanded["Resources"]["Firewall"]["Properties"]["Rules"][0]
    _, allow, _ = rule["Action"]["Block"]["CustomResponse"]["ResponseHeaders"]
    said = {"Name": "Access-Control-Allow-Origin", "Value": "*"}
    assert allow == {"Fn::If": ["ListsOrigins", said, {"Ref": "AWS::NoValue"}]}


def test_origins_of_api_and_bucket_are_one(expanded: Template) -> None:
    told = {n for n, p in functions(expanded).items() if "CORS_ORIGINS" in variables(p)}
    bucket = read_template("videos")

    assert told == {"APIHandler"}
    assert variables(functions(expanded)["APIHandler"])["CORS_ORIGINS"] == {"Ref": "CorsOrigins"}
    assert expanded["Parameters"]["CorsOrigins"]["Default"] == ""
    filled = fill(bucket, "dev", {}, {"CORS_ORIGINS": "https://a.example,https://b.example"})
    assert {
        "ParameterKey": "CorsOrigins",
        "ParameterValue": "https://a.example,https://b.example",
    } in filled


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        *(("", True), ("*", True), ("https://a.example", True), ("http://[::1]:8000", True)),
        *(("https://a.example,http://b:3000", True), ("https://a.example,*", False)),
        *(("https://a.example/", False), ("a.example", False), ("https://a, https://b", False)),
    ],
)
def test_stack_refuses_what_is_no_origin(expanded: Template, text: str, is_taken: bool) -> None:
    pattern = expanded["Parameters"]["CorsOrigins"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, text)) is is_taken


def test_bucket_is_private_and_tidy() -> None:
    bucket = load(str(INFRA / "videos.yaml"))["Resources"]["Videos"]
    said = bucket["Properties"]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert set(said["PublicAccessBlockConfiguration"].values()) == {True}
    assert said["CorsConfiguration"]["CorsRules"][0]["ExposedHeaders"] == ["ETag"]
    parts, originals = said["LifecycleConfiguration"]["Rules"]
    assert parts["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Prefix" not in parts
    assert (originals["Prefix"], originals["ExpirationInDays"]) == ("uploads/", 7)
    assert original_key({"user_id": "u", "video_id": "v"}).startswith("uploads/")
    assert {rule["Status"] for rule in (parts, originals)} == {"Enabled"}


def test_secrets_name_the_databases_users() -> None:
    secrets = load(str(INFRA / "secrets.yaml"))["Resources"]

    def username(secret: str) -> str:
        made = secrets[secret]["Properties"]["GenerateSecretString"]["SecretStringTemplate"]
        return str(json.loads(made)["username"])

    for name, database in DATABASES.items():
        assert username(f"{name.capitalize()}DatabaseSecret") == database.app_role
        assert username(f"{name.capitalize()}DatabaseOwnerSecret") == database.owner_role
    assert username("AppBrokerSecret") == SYSTEM.brokers[0].user


def test_every_service_has_its_database() -> None:
    assert {setting.upper() for setting in SETTINGS.values()} == {
        database.setting for database in SYSTEM.databases
    }


@pytest.mark.parametrize("stage", STAGES)
def test_earlier_stacks_give_the_parameters(stage: str, expanded: Template) -> None:
    outputs: dict[str, str] = {}
    for parts in SERVERS:
        outputs |= {name: name for part in parts for name in read_template(part)["Outputs"]}

    for own in (*divide(expanded), read_template("monitoring/appevents")):
        fill(own, stage, outputs, {}, system="appevents")


def test_every_schedule_and_queue_has_its_alarm() -> None:
    resources = load(str(INFRA / "monitoring" / "appevents.yaml"))["Resources"]
    alarms = {n: each for n, each in resources.items() if each["Type"].endswith("::Alarm")}

    def watched(matching: str) -> set[str]:
        text = json.dumps([each for name, each in alarms.items() if re.search(matching, name)])
        names = re.findall(r'"FunctionName"[^$]*-appevents-\$\{Stage\}-([\w-]+)', text)
        return {name.replace("-", "_") for name in names}

    assert watched("^Schedule") == set(periods(app.event_sources, "appevents"))
    assert watched("^App.*Fails$") == QUEUES.keys()
    assert all(a["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}] for a in alarms.values())


def test_alarms_watch_published_figures() -> None:
    resources = load(str(INFRA / "monitoring" / "appevents.yaml"))["Resources"].values()
    watched = {
        resource["Properties"]["MetricName"]
        for resource in resources
        if resource["Properties"].get("Namespace") == CLOUDWATCH_NAMESPACE
    }

    assert watched == {"DeadLetters", "OldestUnsettledAge"}
    assert watched <= figures_of(NOTHING, {}).keys()


NOTHING = {
    "unsettled_count": 0,
    "unpublished_count": 0,
    "oldest_unsettled_age_seconds": None,
    "dead_letter_count": 0,
}


def test_dead_letters_are_told_from_what_waits() -> None:
    waiting = {"app.machine": 1, "app.machine.retry.1": 2, "app.machine.dlq": 4}

    figures = figures_of({**NOTHING, "dead_letter_count": 8}, waiting)

    assert (figures["WaitingMessages"], figures["DeadLetters"]) == (3, 12)


def test_log_filters_name_real_logs(expanded: Template) -> None:
    resources = load(str(INFRA / "monitoring" / "appevents.yaml"))["Resources"].values()
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

"""A deployment of app.events to a moto server: its functions, what each can read, and its layers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from app import app
from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.system import SYSTEM
from fintegrate.settings import load
from local.aws.packaged import Package, package
from tests.integration.local.aws.conftest import Deployed, deployed_to_moto

OWN = ("chalicelib.appevents.", "chalicelib.operations.")
FUNCTIONS = {"api"} | {
    each.name
    for each in (*app.pure_lambda_functions, *app.event_sources)
    if each.handler_string.startswith(OWN)
}
SERVICES = {
    "app_machine": "machine",
    "app_program": "program",
    "app_dm": "dm",
    "app_settings": "settings",
    "app_video": "video",
    "app_processing": "video",
    "app_notification": "notify",
}
"""The functions of queues, and the database of each."""


@pytest.fixture(scope="module")
def packaged() -> Package:
    return package("appevents", "dev")


@pytest.fixture(scope="module")
def deployed(packaged: Package) -> Iterator[Deployed]:
    """The account after one deployment: the broker's user, the databases' users, the schemas."""
    answers: tuple[dict[str, Any], ...] = ({"prepared": []}, {"prepared": []}, {"applied": []})
    with deployed_to_moto("appevents", packaged, answers) as done:
        yield done


def configuration(name: str) -> dict[str, Any]:
    function = f"fintegrate-appevents-dev-{name.replace('_', '-')}"
    return dict(boto3.client("lambda").get_function_configuration(FunctionName=function))


def settings_of(name: str) -> Configuration:
    """What the function itself would read, secrets included."""
    variables = configuration(name)["Environment"]["Variables"]
    return load(Configuration, {n: str(value) for n, value in variables.items()})


def test_system_comes_after_its_servers(deployed: Deployed) -> None:
    assert deployed.stacks.started[-4:] == [
        "fintegrate-dev-monitoring-servers",
        "fintegrate-dev-appevents-migration",
        "fintegrate-dev-appevents-functions",
        "fintegrate-dev-monitoring-appevents",
    ]


@pytest.mark.usefixtures("deployed")
def test_exactly_these_functions_exist() -> None:
    found = boto3.client("lambda").list_functions()["Functions"]

    names = {each["FunctionName"].removeprefix("fintegrate-appevents-dev-") for each in found}
    assert names == {name.replace("_", "-") for name in FUNCTIONS}


def test_layer_with_ffmpeg_is_uploaded(deployed: Deployed, packaged: Package) -> None:
    """The template tells which layers a function has; moto does not."""
    client = boto3.client("lambda")
    names = [layer["LayerName"] for layer in client.list_layers()["Layers"]]
    versions = (client.get_layer_version(LayerName=name, VersionNumber=1) for name in names)
    sizes = {version["Content"]["CodeSize"] for version in versions}
    resources = deployed.stacks.templates["fintegrate-dev-appevents-functions"]["Resources"]
    counts = {
        resource["Properties"]["FunctionName"]["Fn::Sub"].rpartition("-${Stage}-")[2]: len(
            resource["Properties"]["Layers"]
        )
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
    }

    own = packaged.files()["./ffmpeg-layer.zip"], packaged.files()["./layer-deployment.zip"]
    assert sizes == {path.stat().st_size for path in own}
    assert {name for name, count in counts.items() if count == 2} == {"app-processing"}


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", sorted(SERVICES))
def test_queue_function_reads_its_database_alone(name: str) -> None:
    settings, service = settings_of(name), SERVICES[name]

    urls = {each.setting: getattr(settings, each.setting.lower()) for each in SYSTEM.databases}
    (own,) = (url for url in urls.values() if url)
    assert urls[f"{service.upper()}_DATABASE_URL"] == own
    assert own.startswith(f"postgresql://{service}_db_app:{service}--password@proxy.test:5432/")
    broker = settings.app_rabbitmq_url
    assert broker == "amqps://app:app-broker-password@broker.test:5671/app"
    assert bool(settings.app_keys) is (name in ("app_settings", "app_video"))
    assert bool(settings.object_store_bucket) is (service == "video")
    assert settings.jwt_shared_secret == ""


@pytest.mark.usefixtures("deployed")
def test_api_serves_after_one_deployment() -> None:
    """Nothing is left to be set afterwards."""
    api = settings_of("api")

    assert api.jwt_shared_secret
    assert json.loads(api.app_keys)
    assert (api.object_store_bucket, api.object_store_addressing) == ("videos", "virtual")
    assert all(getattr(api, each.setting.lower()) for each in SYSTEM.databases)


def test_running_again_keeps_the_keys(deployed: Deployed) -> None:
    before = settings_of("api").app_keys

    deployed.run_again()

    assert settings_of("api").app_keys == before

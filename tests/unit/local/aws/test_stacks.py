"""A stack is created, changed or left alone; a refusal is told in AWS's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from local.aws.stacks import Change, StackFailed, Stacks

NAME, CHANGE_SET = {"StackName": "s"}, {"StackName": "s", "ChangeSetName": "s-change"}
SOURCE = {"TemplateBody": "{}"}


@pytest.fixture
def stub() -> Iterator[tuple[Stacks, Stubber]]:
    client = boto3.client(
        "cloudformation",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stubber:
        yield Stacks(client, wait_seconds=0), stubber
        stubber.assert_no_pending_responses()


def described(stubber: Stubber, status: str, **more: Any) -> None:
    stack = {"StackName": "s", "CreationTime": "2026-01-01", "StackStatus": status, **more}
    stubber.add_response("describe_stacks", {"Stacks": [stack]}, NAME)


def prepared(stubber: Stubber, kind: str, status: str, reason: str = "") -> None:
    request = {
        **CHANGE_SET,
        **SOURCE,
        "ChangeSetType": kind,
        "Capabilities": ANY,
        "Parameters": [],
    }
    stubber.add_response("create_change_set", {}, request)
    seen = {"Status": status, "StatusReason": reason}
    stubber.add_response("describe_change_set", seen, CHANGE_SET)
    if status == "FAILED":
        stubber.add_response("describe_change_set", seen, CHANGE_SET)
        stubber.add_response("delete_change_set", {}, CHANGE_SET)


def test_missing_stack_is_created(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    stubber.add_client_error("describe_stacks", "ValidationError", "Stack s does not exist")
    prepared(stubber, "CREATE", "CREATE_COMPLETE")

    assert stacks.prepare("s", SOURCE, []) == Change("s", "CREATE")


def test_current_stack_is_left_alone(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    described(stubber, "UPDATE_COMPLETE")
    stubber.add_client_error("delete_change_set", "ChangeSetNotFound")
    reason = "The submitted information didn't contain changes."
    prepared(stubber, "UPDATE", "FAILED", reason)

    change = stacks.prepare("s", SOURCE, [])
    stacks.start(change)  # calls nothing

    assert change == Change("s", None)


def test_refused_change_is_told(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    described(stubber, "CREATE_COMPLETE")
    stubber.add_response("delete_change_set", {}, CHANGE_SET)
    prepared(stubber, "UPDATE", "FAILED", "Resource X is wrong")

    with pytest.raises(StackFailed, match="s: Resource X is wrong"):
        stacks.prepare("s", SOURCE, [])


def test_failed_first_creation_is_repeated(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    described(stubber, "ROLLBACK_COMPLETE")
    stubber.add_response("delete_stack", {}, NAME)
    stubber.add_client_error("describe_stacks", "ValidationError", "Stack s does not exist")
    prepared(stubber, "CREATE", "CREATE_COMPLETE")

    assert stacks.prepare("s", SOURCE, []) == Change("s", "CREATE")


def test_failed_change_names_the_resource(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    described(stubber, "UPDATE_ROLLBACK_COMPLETE")
    event = {
        "StackId": "s",
        "EventId": "1",
        "StackName": "s",
        "Timestamp": "2026-01-01",
        "LogicalResourceId": "Broker",
        "ResourceStatus": "UPDATE_FAILED",
        "ResourceStatusReason": "no such class",
    }
    stubber.add_response("describe_stack_events", {"StackEvents": [event]}, NAME)

    with pytest.raises(StackFailed, match="s: Broker: no such class"):
        stacks.finish(Change("s", "UPDATE"))


def test_outputs_and_parameters(stub: tuple[Stacks, Stubber]) -> None:
    stacks, stubber = stub
    outputs = [{"OutputKey": "A", "OutputValue": "1"}]
    parameters = [{"ParameterKey": "B", "ParameterValue": "2"}]
    for _ in range(2):
        described(stubber, "CREATE_COMPLETE", Outputs=outputs, Parameters=parameters)

    assert stacks.outputs("s") == {"A": "1"}
    assert stacks.parameters("s") == {"B": "2"}

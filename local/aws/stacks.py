"""Changes CloudFormation stacks through change sets, so that a repeated run changes nothing.

Others decide which stacks exist and what they contain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")
NEVER_CREATED = {"REVIEW_IN_PROGRESS"}
REMOVE_FIRST = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
CAPABILITIES: Any = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class StackFailed(Exception):
    """A stack could not be changed. The text names the resource and gives AWS's reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that AWS has checked but not made. `kind` is None if there is nothing to change."""

    stack: str
    kind: str | None


class Stacks:
    """The stacks of one account and region. `wait_seconds` is the pause between two checks."""

    def __init__(self, client: Any, wait_seconds: int = 10) -> None:
        self._client = client
        self._waiting: Any = {"Delay": wait_seconds, "MaxAttempts": 7200 // max(1, wait_seconds)}

    def prepare(
        self, stack: str, source: dict[str, str], parameters: Sequence[dict[str, str]]
    ) -> Change:
        """Let AWS check a change. `source` is a TemplateBody or a TemplateURL.

        Raises:
            StackFailed: AWS refuses it.
        """
        status = self._status(stack)
        if status in REMOVE_FIRST:  # its first creation failed: it is empty
            self.delete(stack)
            status = None
        kind = "CREATE" if status is None or status in NEVER_CREATED else "UPDATE"
        self._discard(stack, status)
        request: dict[str, Any] = {
            "StackName": stack,
            "ChangeSetName": _change_set(stack),
            "ChangeSetType": kind,
            "Capabilities": CAPABILITIES,
            "Parameters": list(parameters),
            **source,
        }
        self._client.create_change_set(**request)
        return Change(stack, kind if self._has_changes(stack) else None)

    def start(self, change: Change) -> None:
        """Start the change; `finish` waits for it."""
        if change.kind is not None:
            self._client.execute_change_set(
                StackName=change.stack, ChangeSetName=_change_set(change.stack)
            )

    def finish(self, change: Change) -> dict[str, str]:
        """Wait until the change is made. Returns the stack's outputs.

        Raises:
            StackFailed: the change failed and AWS rolled it back.
        """
        waiters: dict[str, Any] = {
            "CREATE": "stack_create_complete",
            "UPDATE": "stack_update_complete",
        }
        if change.kind is not None:
            self._wait(waiters[change.kind], change.stack)
        return self.outputs(change.stack)

    def outputs(self, stack: str) -> dict[str, str]:
        """The stack's outputs; empty when there is no such stack."""
        described = self._describe(stack) or {}
        return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}

    def parameters(self, stack: str) -> dict[str, str]:
        """The stack's current parameters; empty when there is no such stack."""
        described = self._describe(stack) or {}
        return {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}

    def exists(self, stack: str) -> bool:
        return self._describe(stack) is not None

    def delete(self, stack: str) -> None:
        """Delete the stack and wait until it is gone.

        Raises:
            StackFailed: a resource cannot be deleted.
        """
        self._client.delete_stack(StackName=stack)
        self._wait("stack_delete_complete", stack)

    def _wait(self, waiter: Any, stack: str) -> None:
        try:
            self._client.get_waiter(waiter).wait(StackName=stack, WaiterConfig=self._waiting)
        except WaiterError as error:
            raise StackFailed(f"{stack}: {self._reasons(stack) or error}") from error

    def _has_changes(self, stack: str) -> bool:
        names = {"StackName": stack, "ChangeSetName": _change_set(stack)}
        try:
            self._client.get_waiter("change_set_create_complete").wait(
                StackName=stack, ChangeSetName=_change_set(stack), WaiterConfig={"Delay": 2}
            )
        except WaiterError as error:
            reason = self._client.describe_change_set(**names).get("StatusReason", "")
            self._client.delete_change_set(**names)
            if any(words in reason for words in NOTHING_TO_CHANGE):
                return False
            raise StackFailed(f"{stack}: {reason}") from error
        return True

    def _discard(self, stack: str, status: str | None) -> None:
        """Delete a change set that an interrupted deployment left."""
        if status is None:
            return
        try:
            self._client.delete_change_set(StackName=stack, ChangeSetName=_change_set(stack))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ChangeSetNotFound":
                raise

    def _status(self, stack: str) -> str | None:
        described = self._describe(stack)
        return None if described is None else str(described["StackStatus"])

    def _describe(self, stack: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.describe_stacks(StackName=stack)["Stacks"][0])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _reasons(self, stack: str) -> str:
        """The reasons for failed resources, from the stack's events."""
        events = self._client.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [e for e in events if e.get("ResourceStatus", "").endswith("FAILED")]
        return "; ".join(
            f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in failed[:5]
        )


def _change_set(stack: str) -> str:
    return f"{stack}-change"

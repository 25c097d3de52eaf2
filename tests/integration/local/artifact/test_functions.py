"""Functions run as Lambda runs them: cold and warm, frozen, limited, killed, throttled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from local.artifact.emulator.deployment import Deployment
from local.artifact.emulator.invocation import (
    PayloadTooLarge,
    Throttled,
    UnknownFunction,
)
from local.artifact.emulator.mounts import possible_way
from local.aws_shapes.quotas import PAYLOAD_LIMIT
from local.machine.checkout import Checkout
from tests.integration.local.artifact.tiny import call, deployed, problem

T = TypeVar("T")


def function(handler: str, **said: Any) -> dict[str, Any]:
    return {"Handler": f"handlers.{handler}", **said}


def run(scenario: Awaitable[T]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(scenario, 60)

    return asyncio.run(bounded())


async def waited_for(condition: Any, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def reports(deployment: Deployment, name: str, request_ids: list[str]) -> list[str]:
    """The REPORT line of each, once it is written; tests side by side share a function's log."""

    def found() -> list[str]:
        log = deployment.function(name).log.path.read_text()
        by_id = {line.split()[2]: line for line in log.splitlines() if line.startswith("REPORT")}
        return [by_id[one] for one in request_ids if one in by_id]

    await waited_for(lambda: len(found()) == len(request_ids))  # they come after the answers
    return found()


def test_environment_is_lambdas_and_nothing_else(
    tmp_path: Path, kind: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HARNESS", "must not be seen")
    said = {"Environment": {"Variables": {"OWN": "from the template"}}, "FunctionName": "tiny-echo"}

    async def scenario() -> None:
        settings = {"DATABASE_URL": "postgresql://settings"}
        async with deployed(
            tmp_path, kind, settings=settings, Echo=function("echo", **said)
        ) as deployment:
            seen = await call(deployment, "Echo", {"a": 1})
        variables = seen["environment"]
        assert "SECRET_OF_THE_HARNESS" not in variables
        assert "FINTEGRATE_LOCAL_PROCESS" not in variables
        assert "OF_ANOTHER_SYSTEM" not in variables
        assert variables["AWS_LAMBDA_FUNCTION_NAME"] == seen["name"] == "tiny-echo"
        assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
        assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
        assert variables["_HANDLER"] == "handlers.echo"
        assert variables["OWN"] == "from the template"
        assert variables["DATABASE_URL"] == "postgresql://settings"
        assert variables["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
        assert seen["event"] == {"a": 1}
        assert seen["arn"].endswith(":function:tiny-echo")
        assert 9_000 < seen["remaining_ms"] <= 10_000
        assert not [part for part in seen["path"] if "/.venv/" in part]

    run(scenario())


def test_only_tmp_can_be_written(tmp_path: Path, kind: str) -> None:
    if kind == "process" and possible_way() is None:
        pytest.skip("this machine gives processes no mounts of their own")

    async def scenario() -> None:
        async with deployed(tmp_path, kind, Write=function("write")) as deployment:
            assert await call(deployment, "Write") == {
                "task": "OSError",
                "tmp": "written",
                "opt": "OSError",
            }

    run(scenario())


def test_each_environment_has_own_tmp(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, A=function("write"), B=function("write")) as deployment:
            first, second = await asyncio.gather(call(deployment, "A"), call(deployment, "B"))
            assert (first["tmp"], second["tmp"]) == ("written", "written")

    run(scenario())


@pytest.mark.skipif(possible_way() is None, reason="this machine gives processes no mounts")
def test_mounts_stay_out_of_machines_table(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, "process", Echo=function("echo")) as deployment:
            await call(deployment, "Echo")

    run(scenario())
    own = str(Checkout().folder("deploy", "tmp") / f"{os.getpid()}-")
    table = Path("/run/mount/utab")
    assert own not in (table.read_text() if table.exists() else "")


def test_environments_are_used_again_and_reported(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, Echo=function("echo")) as deployment:
            seen = [await call(deployment, "Echo") for _ in range(3)]
            assert [one["calls"] for one in seen] == [1, 2, 3]
            assert len({one["request_id"] for one in seen}) == 3
            cold, warm, _ = await reports(deployment, "Echo", [one["request_id"] for one in seen])
            assert "Init Duration: " in cold
            assert "Init Duration" not in warm
            assert "Memory Size: 128 MB" in warm

    run(scenario())


def test_simultaneous_events_have_an_environment_each(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, concurrency=2, Sleep=function("sleep")) as deployment:
            await asyncio.gather(*(call(deployment, "Sleep", {"seconds": 0.3}) for _ in range(5)))
            assert len(deployment.function("Sleep").environments) == 2

    run(scenario())


def test_frozen_environment_does_not_run_on(tmp_path: Path, kind: str) -> None:
    async def ticks_while_idle(freeze: bool) -> int:
        async with deployed(tmp_path, kind, freeze=freeze, Tick=function("ticking")) as deployment:
            before = await call(deployment, "Tick")
            await asyncio.sleep(0.6)  # the time that a thread of the function could use
            return int(await call(deployment, "Tick") - before)

    async def scenario() -> None:
        assert await ticks_while_idle(freeze=False) >= 20
        assert await ticks_while_idle(freeze=True) < 15

    run(scenario())


def test_function_over_its_time_is_ended(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        said = function("sleep", Timeout=1)
        async with deployed(tmp_path, kind, Sleep=said) as deployment:
            outcome = await deployment.invoke("Sleep", b'{"seconds": 30}')
            name, message = problem(outcome)
            assert name == "Sandbox.Timedout"
            assert message.endswith("Error: Task timed out after 1.00 seconds")
            assert not deployment.function("Sleep").environments
            assert await call(deployment, "Sleep", {"seconds": 0})

    run(scenario())


def test_exited_function_is_replaced(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, Leaves=function("leaves")) as deployment:
            for _ in range(2):
                name, message = problem(await deployment.invoke("Leaves", b"{}"))
                assert name == "Runtime.ExitError"
                assert message.endswith("Error: Runtime exited with error: exit status 3")

    run(scenario())


def test_killed_environment_fails_its_event(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, "process", Sleep=function("sleep")) as deployment:
            pid = (await call(deployment, "Sleep", {"seconds": 0}))["pid"]
            await waited_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
            running = asyncio.create_task(deployment.invoke("Sleep", b'{"seconds": 30}'))
            await waited_for(lambda: psutil.Process(pid).status() != psutil.STATUS_STOPPED)
            os.kill(pid, signal.SIGKILL)
            name, message = problem(await running)
            assert (name, message.endswith("signal: kill")) == ("Runtime.ExitError", True)
            assert (await call(deployment, "Sleep", {"seconds": 0}))["pid"] != pid

    run(scenario())


def test_idle_environment_that_dies_is_forgotten(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, "process", Echo=function("echo")) as deployment:
            pid = (await call(deployment, "Echo"))["pid"]
            await waited_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
            os.kill(pid, signal.SIGKILL)
            await waited_for(lambda: not deployment.function("Echo").environments)
            assert (await call(deployment, "Echo"))["pid"] != pid

    run(scenario())


@pytest.mark.parametrize(
    ("handler", "name", "message"),
    [
        ("broken.echo", "RuntimeError", "cannot be imported"),
        ("missing.echo", "Runtime.ImportModuleError", "No module named 'missing'"),
        ("handlers.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing"),
        ("handlers.raises", "ValueError", "no luck"),
    ],
)
def test_errors_look_like_lambdas(
    tmp_path: Path, kind: str, handler: str, name: str, message: str
) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, Wrong={"Handler": handler}) as deployment:
            said = problem(await deployment.invoke("Wrong", b"{}"))
            assert said[0] == name
            assert message in said[1]

    run(scenario())


def test_payload_limits_hold_both_ways(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        async with deployed(tmp_path, kind, Large=function("large")) as deployment:
            with pytest.raises(PayloadTooLarge):
                await deployment.invoke("Large", b" " * (PAYLOAD_LIMIT + 1))
            name, _ = problem(
                await deployment.invoke("Large", json.dumps({"size": PAYLOAD_LIMIT}).encode())
            )
            assert name == "Function.ResponseSizeTooLarge"
            fits = await call(deployment, "Large", {"size": PAYLOAD_LIMIT - 2})
            assert len(fits) == PAYLOAD_LIMIT - 2

    run(scenario())


def test_reserved_concurrency_throttles(tmp_path: Path, kind: str) -> None:
    async def scenario() -> None:
        said = function("sleep", ReservedConcurrentExecutions=1)
        async with deployed(tmp_path, kind, Sleep=said) as deployment:
            first = asyncio.create_task(deployment.invoke("Sleep", b'{"seconds": 1}'))
            await waited_for(lambda: deployment.function("Sleep").environments)
            with pytest.raises(Throttled):
                await deployment.invoke("Sleep", b'{"seconds": 0}')
            assert (await first).error is None

    run(scenario())


def test_machine_limit_makes_events_wait(tmp_path: Path) -> None:
    async def scenario() -> None:
        said = function("sleep", ReservedConcurrentExecutions=5)
        async with deployed(tmp_path, "process", concurrency=1, Sleep=said) as deployment:
            await asyncio.gather(*(call(deployment, "Sleep", {"seconds": 0.1}) for _ in range(5)))
            assert len(deployment.function("Sleep").environments) == 1

    run(scenario())


def test_background_invocation_is_tried_three_times(tmp_path: Path) -> None:
    async def scenario() -> None:
        for tries, succeeds in ((3, True), (4, False)):
            counter = tmp_path / f"tries-{tries}"
            said = function("fails_at_first")
            # The file is in the task's own folder tree, which a process without mounts can see.
            async with deployed(tmp_path, "process", Fails=said) as deployment:
                path = f"/proc/{os.getpid()}/root{counter}" if possible_way() else str(counter)
                event = json.dumps({"file": path, "tries": tries}).encode()
                outcome = await deployment.invoke_later("Fails", event)
                assert (outcome.error is None) == succeeds
                assert counter.read_text() == "xxx"

    run(scenario())


def test_function_names_match_loosely(tmp_path: Path) -> None:
    async def scenario() -> None:
        said = function("echo", FunctionName="tiny-echo")
        async with deployed(tmp_path, "process", EchoIt=said) as deployment:
            assert deployment.function("echo_it") is deployment.function("tiny-echo")
            with pytest.raises(UnknownFunction, match="there are EchoIt"):
                deployment.function("other")

    run(scenario())

from __future__ import annotations

from local.aws_shapes.lambda_context import LambdaContext


def test_time_runs_out_and_stays_out() -> None:
    now = [100.0]
    context = LambdaContext("api_handler", timeout=3, clock=lambda: now[0])
    assert context.get_remaining_time_in_millis() == 3000

    now[0] += 2.5
    assert context.get_remaining_time_in_millis() == 500

    now[0] += 2.5
    assert context.get_remaining_time_in_millis() == 0


def test_names_are_those_of_lambda() -> None:
    context = LambdaContext("api_handler", timeout=3)

    assert context.function_name == "api_handler"
    assert context.invoked_function_arn.startswith("arn:aws:lambda:")
    assert context.invoked_function_arn.endswith(":function:api_handler")
    assert context.memory_limit_in_mb == "512"
    assert LambdaContext("a", 1).aws_request_id != LambdaContext("a", 1).aws_request_id

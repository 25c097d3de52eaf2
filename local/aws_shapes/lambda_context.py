"""The context object that Lambda hands to a function beside the event.

Attributes and their types are those of "Lambda context object in Python" in AWS's guide.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws_shapes.account import ACCOUNT, REGION

MEMORY_MB = "512"


@dataclass
class LambdaContext:
    """One invocation, as the function sees it.

    Attributes:
        timeout: seconds the function may take in all
    """

    function_name: str
    timeout: float
    memory_limit_in_mb: str = MEMORY_MB
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    clock: Callable[[], float] = time.monotonic
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = self.clock() + self.timeout

    @property
    def invoked_function_arn(self) -> str:
        """The name in AWS's notation."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """One stream: there is one process."""
        return "local"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop the function; never negative."""
        return max(0, round((self._deadline - self.clock()) * 1000))

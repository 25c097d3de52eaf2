"""A function's log as CloudWatch shows it: the function's own lines between Lambda's.

The fields of the REPORT line follow "Viewing CloudWatch logs" in Lambda's developer guide. The billed
time includes the cold start, as Lambda bills since August 2025.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from local.machine.log_file import open_log


class FunctionLog:
    """Appends to a file into which the function's environments write as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = open_log(path)

    def text(self, line: str) -> None:
        """Append one line. It stays whole although others write too (O_APPEND)."""
        os.write(self.descriptor, f"{line}\n".encode())

    def start(self, request_id: str) -> None:
        self.text(f"START RequestId: {request_id} Version: $LATEST")

    def report(
        self,
        request_id: str,
        milliseconds: float,
        memory_mb: int,
        most_memory_mb: int,
        init_ms: float | None,
    ) -> None:
        billed = math.ceil(milliseconds + (init_ms or 0))
        init = "" if init_ms is None else f"\tInit Duration: {init_ms:.2f} ms"
        self.text(
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {billed} ms\tMemory Size: {memory_mb} MB\t"
            f"Max Memory Used: {most_memory_mb} MB{init}"
        )

    def close(self) -> None:
        os.close(self.descriptor)

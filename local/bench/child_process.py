"""A process of its own beside a measurement, so that neither takes the other's turns of Python."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


@contextmanager
def child_process(work: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """Run the work beside the block. It gets the arguments and its end of the pipe that is given here.

    Raises:
        RuntimeError: the process ended before it said what the block waits for
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()  # else the pipe would stay open here, and the wait for a dead process has no end
    try:
        yield ours
    except EOFError as error:
        raise RuntimeError(f"the process of {work.__qualname__} ended early") from error
    finally:
        process.terminate()
        process.join()

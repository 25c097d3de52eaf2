"""A server with one worker, to be measured. Run as a program; each line that it reads is an order.

It prints `done` when its worker runs, and after each order.
`work`: the worker uses the processor, and so does a helper of the worker's, which ends at once.
`end`: the worker ends, and the server waits for it.
"""

from __future__ import annotations

import os
import sys
import time

WORK_SECONDS = 0.2
"""Processor time of the worker, and again of its helper."""


def use_processor() -> None:
    """Be busy for so much more processor time."""
    enough = time.process_time() + WORK_SECONDS
    while time.process_time() < enough:
        pass


def work(orders: int, answers: int) -> None:
    """The worker's life: it works whenever it is told to, and ends with the orders."""
    while os.read(orders, 1):
        use_processor()
        helper = os.fork()
        if helper == 0:
            use_processor()
            os._exit(0)
        os.waitpid(helper, 0)
        os.write(answers, b".")


def main() -> None:
    """Start the worker, then do as told."""
    (orders, to_worker), (answers, from_worker) = os.pipe(), os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(to_worker)
        work(orders, from_worker)
        os._exit(0)
    os.close(orders)
    print("done", flush=True)
    for order in sys.stdin:
        if order == "work\n":
            os.write(to_worker, b".")
            os.read(answers, 1)
        else:
            os.close(to_worker)
            os.waitpid(worker, 0)
        print("done", flush=True)


if __name__ == "__main__":
    main()

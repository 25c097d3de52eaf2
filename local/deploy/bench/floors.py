"""What the same machine allows with nothing of this project in the way, in the same run.

A program each: importing and connecting only, and the raw create in as many processes.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing.synchronize import Barrier
from pathlib import Path

from local.deploy.layer import SITE_PACKAGES
from local.deploy.unpacking import CodeFolders

FLOOR_SECONDS = 300.0  # a process that failed breaks the barriers then
# The third-party packages on a request's way: AWS's runtime client, and what the layer brings.
# Pydantic's package is empty until a name is taken from it, so those that the functions take are.
IMPORTS = """
import awslambdaric.bootstrap
import chalice.app, bcrypt, pika, prometheus_client, psycopg2, redis
from pydantic import BaseModel, Field
import aws_lambda_powertools.logging, os
psycopg2.connect(os.environ["DATABASE_URL"]).cursor().execute("SELECT 1")
channel = pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"])).channel()
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
print("connected", flush=True)
os._exit(0)
"""


def imports_ms(code: CodeFolders, runtime: Path, settings: Mapping[str, str]) -> float:
    """From spawn until packages are imported and servers connected, in ms."""
    variables = {
        **settings,
        "PYTHONPATH": os.pathsep.join([str(code.opt / SITE_PACKAGES), str(runtime)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    interpreter: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001
    started = time.perf_counter()
    with subprocess.Popen(
        [interpreter, "-S", "-c", IMPORTS], env=variables, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"connected\n":
            raise RuntimeError("the floor of the cold start could not connect")
        return (time.perf_counter() - started) * 1000


def raw_creates_per_s(
    settings: Mapping[str, str], consumer: tuple[str, str], processes: int, count: int
) -> float:
    """Raw creates per second in that many processes.

    :param consumer: id and name
    """
    context = multiprocessing.get_context("spawn")
    ready, done = context.Barrier(processes + 1), context.Barrier(processes + 1)
    each = count // processes
    workers = [
        context.Process(target=_create, args=(dict(settings), consumer, each, ready, done))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait(FLOOR_SECONDS)
    started = time.perf_counter()
    done.wait(FLOOR_SECONDS)
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return each * processes / seconds


def _create(
    settings: dict[str, str],
    consumer: tuple[str, str],
    count: int,
    ready: Barrier,
    done: Barrier,
) -> None:
    from local.bench.floor import RawCreate

    with RawCreate(settings["DATABASE_URL"], settings["RABBITMQ_URL"], *consumer) as raw:
        raw.create()
        ready.wait(FLOOR_SECONDS)
        for _ in range(count):
            raw.create()
        done.wait(FLOOR_SECONDS)


def kilobytes(path: Path) -> float:
    """A file's size in kB (1000 bytes)."""
    return path.stat().st_size / 1000

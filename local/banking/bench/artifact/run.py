"""Runs the measurements of the packaged artifact and writes `.local/bench-deploy.json`.

It has its own database and consumer. Ratios are to floors of the same run. Both are measured in turns
where possible, so that other load on the machine slows both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping

import psutil
from rich.console import Console

from local.artifact.background import DeployedServer
from local.artifact.cold_starts import cold_starts
from local.artifact.package.make import Artifact, package
from local.artifact.server import ArtifactServer, start_artifacts
from local.banking.bench.api import post_with, prepared
from local.banking.bench.artifact.cold import first_create
from local.banking.bench.artifact.floors import RawCreators, kilobytes
from local.banking.client import onboard
from local.banking.tenant_queues import remove_queues
from local.bench.http_load import request_bytes, run_load
from local.bench.processors import largest_worker_mb
from local.bench.timing import timed
from local.machine.checkout import Checkout
from local.machine.tables import print_table
from local.services.databases import create_database, drop_database, with_users
from local.services.running import ensure_services
from local.services.settings import settings_environment

DATABASE = "bench_deploy_fintegrate"
CONNECTIONS = 16
CREATES = 800  # over a second; the floor makes twice as many in the same time
TURNS = 24
ROUNDS = 8
COLD_ROUNDS = 60  # cold starts are short: a busy processor can double one
BODY = {"name": "John Richard Doe"}
BARS = {
    "cold_start_vs_imports": "≤ 1.3",
    "warm_overhead_ms": "≤ 2.0",
    "http_create_vs_floor": "≥ 0.5",
    "bundle_kb": "≤ 100",
    "layer_mb": "≤ 15",
    "rss_mb": "≤ 90",
    "deploy_seconds": "≤ 15",
}
SETTINGS = {
    "SYSTEM": "banking",
    "LOG_LEVEL": "WARNING",
    "RATE_LIMIT_IP_PER_MINUTE": "100000000",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",  # the key's check is slow by design and not measured here
    "LAMBDA_SANDBOX": "process",
    "SCHEDULER": "off",
}


def run() -> int:
    """Measure, print a table, write the JSON."""
    artifact = package("banking")
    with ensure_services() as services:
        url = create_database(services.urls, DATABASE)
        users = with_users(services.urls, url)
        environment = {**settings_environment(services.urls, **users), **SETTINGS}
        os.environ.update(environment)
        name = f"bench_{uuid.uuid4().hex[:8]}"
        try:
            figures = _measure(artifact, environment, name)
        finally:
            remove_queues(services.urls.rabbitmq_url, [name])
            drop_database(services.urls, DATABASE)
    figures["deploy_seconds"] = _deploy_again()
    show(figures, Console())
    text = json.dumps(figures, indent=1)
    (Checkout().state / "bench-deploy.json").write_text(f"{text}\n")
    return 0


def _measure(artifact: Artifact, environment: Mapping[str, str], name: str) -> dict[str, float]:
    figures = {
        "bundle_kb": kilobytes(artifact.bundle),
        "layer_mb": kilobytes(artifact.layer) / 1000,
    }
    deployed = start_artifacts([artifact], environment)
    with deployed.server:
        tenant = onboard(post_with(environment["ADMIN_API_KEY"]), name)
        key = tenant.key
        # Throughput comes first. After cold starts its ratio is 0.02 to 0.04 lower; we do not know why.
        figures |= _throughput(deployed, environment, key, (tenant.consumer_id, name))
        figures |= _overhead(deployed, key)
        figures |= cold_starts(artifact, environment, first_create(key), COLD_ROUNDS)
        figures["rss_mb"] = largest_worker_mb(psutil.Process(deployed.server.pid))
    return figures


def _overhead(deployed: ArtifactServer, key: str) -> dict[str, float]:
    """The p50 that gateway and Runtime API add to a read."""
    read = prepared(key, "GET", "/customer/list", {})
    request = request_bytes("GET", "/customer/list", f"X-API-Key: {key}")
    through, inside = [], []
    for _ in range(ROUNDS):
        through += run_load(deployed.base_url, request, 1, 50).milliseconds
        inside += timed(read, 50)
    overhead = statistics.median(through) - statistics.median(inside)
    return {"warm_overhead_ms": overhead, "warm_request_ms": statistics.median(through)}


def _throughput(
    deployed: ArtifactServer, environment: Mapping[str, str], key: str, consumer: tuple[str, str]
) -> dict[str, float]:
    """Creates over 16 connections, and raw creates in 16 processes, in turns."""
    body = json.dumps(BODY).encode()
    request = request_bytes("POST", "/customer/data", f"X-API-Key: {key}", body)
    run_load(deployed.base_url, request, CONNECTIONS, CONNECTIONS * 20)  # start the environments
    ours, floor = [], []
    with RawCreators(environment, consumer, CONNECTIONS) as raw:
        for _ in range(TURNS):
            ours.append(run_load(deployed.base_url, request, CONNECTIONS, CREATES).per_second)
            floor.append(raw.per_second(2 * CREATES))
    return {
        "http_create_per_s": statistics.median(ours),
        "http_create_floor_per_s": statistics.median(floor),
        "http_create_vs_floor": statistics.median(ours) / statistics.median(floor),
    }


def _deploy_again() -> float:
    """The time of `make deploy-local` when everything is packaged but the server does not run."""
    server = DeployedServer(Checkout())
    was_there = server.control_url() is not None
    server.stop()
    settings = {
        name: v for name, v in os.environ.items() if name not in (*SETTINGS, "DATABASE_URL")
    }
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "local", "deploy-local"],
        env=settings,
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - started
    if not was_there:
        subprocess.run(
            [sys.executable, "-m", "local", "undeploy-local"], check=True, capture_output=True
        )
    return seconds


def show(figures: Mapping[str, float], console: Console) -> None:
    rows = [[name, f"{value:,.2f}", BARS.get(name, "")] for name, value in figures.items()]
    print_table(console, "make bench-deploy", ["figure", "value", "bar"], rows)

"""The command line of the reference consumer, and the wiring of its parts."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random

from local.banking.consumer.backoff import Backoff
from local.banking.consumer.confirmations import ConfirmationClient, Confirming, KeyRefused
from local.banking.consumer.faults import Faults
from local.banking.consumer.inbox import Inbox
from local.banking.consumer.ordering import GapBuffer
from local.banking.consumer.processing import PREFETCH, Processor
from local.banking.consumer.reporting import Reporter
from local.banking.consumer.settings import ROOT, WrongSetting, read_settings
from local.banking.consumer.signatures import Secrets
from local.banking.consumer.view import CustomerView, view_beside
from local.banking.consumer.webhook_calls import WAIT_SECONDS, AnswerInstead, WaitingCalls
from local.banking.consumer.webhook_server import WebhookServer
from local.banking.consumer.webhook_worker import WebhookWorker
from local.banking.consumer.worker import Limits, Worker
from local.banking.webhook_addresses import CONSUMER, port_of, url_at
from local.machine.checkout import Checkout

QUEUE_PREFIX = "customer_notification_"
_Made = Callable[[Inbox, Confirming, CustomerView | None], Processor]


class _StopFlag:
    """Raised by the first SIGINT or SIGTERM; a second one ends the program at once."""

    def __init__(self) -> None:
        self._raised = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._raise)

    def __call__(self) -> bool:
        return self._raised

    def _raise(self, number: int, _frame: object) -> None:
        self._raised = True
        signal.signal(number, signal.SIG_DFL)


def run(argv: list[str]) -> int:
    """Run the consumer; returns 0 when it ended in order, 2 when a setting is wrong."""
    options = _read(argv)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # the worker says it in one line
    try:
        _run(options)
    except WrongSetting as exc:
        print(exc, file=sys.stderr)
    except KeyRefused as exc:
        print(f"the API refuses FINTEGRATE_API_KEY: {exc}", file=sys.stderr)
    except sqlite3.Error as exc:
        print(f"the consumer's own store {_store(options)}: {exc}", file=sys.stderr)
    else:
        return 0
    return 2


def _run(options: argparse.Namespace) -> None:
    must_stop, reporter, random = _StopFlag(), Reporter(), Random(options.seed)  # noqa: S311
    backoff = Backoff(random, options.retry_base)
    faults = Faults(random, options.slow, options.fail_rate, options.die_after, options.refuse_at)

    def processor(inbox: Inbox, client: Confirming, view: CustomerView | None) -> Processor:
        receipt = options.acknowledge_receipt
        return Processor(inbox, client, faults, backoff, reporter, must_stop, receipt, view)

    serve = _be_called if options.delivery == "webhook" else _read_queue
    serve(options, processor, reporter, backoff)
    reporter.note("stopped")


def _read_queue(
    options: argparse.Namespace, processor: _Made, reporter: Reporter, backoff: Backoff
) -> None:
    settings = read_settings(os.environ)
    with (
        Inbox(_store(options)) as inbox,
        ConfirmationClient(settings) as client,
        _view(options) as view,
    ):
        Worker(
            settings.broker_url,
            QUEUE_PREFIX + options.name,
            processor=processor(inbox, client, view),
            buffer=GapBuffer(time.monotonic, options.gap_wait, capacity=PREFETCH // 2),
            reporter=reporter,
            backoff=backoff,
            limits=_limits(options),
        ).run()


def _be_called(
    options: argparse.Namespace, processor: _Made, reporter: Reporter, _backoff: Backoff
) -> None:
    port = port_of(Checkout(), CONSUMER) if options.port is None else options.port
    calls = WaitingCalls(_secrets(options, port), reporter, options.answer_within)
    answers = AnswerInstead()
    with Inbox(_store(options)) as inbox, _view(options) as view:
        WebhookWorker(
            _server(port, calls),
            calls,
            processor(inbox, answers, view),
            answers,
            reporter,
            _limits(options),
        ).run()


def _secrets(options: argparse.Namespace, port: int) -> Secrets:
    """Those of this bank, read once now, so that a missing one is said at the start."""
    secrets = Secrets.of(os.environ, _store(options).with_suffix(".secret"))
    try:
        secrets.read()
    except WrongSetting as exc:
        raise WrongSetting(f"{exc}; this program is to be called at {url_at(port)}") from None
    return secrets


def _server(port: int, calls: WaitingCalls) -> WebhookServer:
    try:
        return WebhookServer(port, calls.answer)
    except OSError as exc:
        raise WrongSetting(f"--port {port}: {exc.strerror}") from None


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(options.max_messages, options.stop_when_idle)


def _store(options: argparse.Namespace) -> Path:
    path: Path = options.store or ROOT / ".local" / "consumers" / f"{options.name}.sqlite3"
    return path


def _view(options: argparse.Namespace) -> AbstractContextManager[CustomerView | None]:
    return CustomerView(view_beside(_store(options))) if options.view else nullcontext()


def _read(argv: list[str]) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(argv)
    if options.delivery == "webhook" and options.acknowledge_receipt:
        parser.error("--acknowledge-receipt is for a queue: a webhook's one answer says all")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.banking.consumer",
        description="The bank's side: reads one consumer's queue or is called, works, confirms.",
        epilog="Reads FINTEGRATE_API_KEY, BROKER_USERNAME, BROKER_PASSWORD, BROKER_URL and BASE_URL"
        " from the environment; the last two also from .local/env. With --delivery webhook only"
        " WEBHOOK_SECRET, or else the file WEBHOOK_SECRET_FILE (.local/consumers/NAME.secret).",
    )
    add = parser.add_argument
    add("name", type=_name, help="the consumer's name")
    add("--delivery", choices=("queue", "webhook"), default="queue", help="read it, or be called")
    add(
        "--port",
        type=_port,
        help="where to be called (the port that `make up` lets it be called at)",
    )
    add("--store", type=Path, help="its SQLite file (.local/consumers/NAME.sqlite3)")
    add("--view", action="store_true", help="keep a view of its customers: NAME.view.sqlite3")
    add("--acknowledge-receipt", action="store_true", help="queue: confirm `received` first")
    add(
        "--answer-within", type=_seconds, default=WAIT_SECONDS, help="webhook: seconds a call waits"
    )
    add("--gap-wait", type=_seconds, default=30.0, help="queue: seconds for a missing event")
    add("--retry-base", type=_seconds, default=1.0, help="queue: seconds the first retry waits")
    add("--slow", type=_seconds, default=0.0, help="seconds each message's work takes")
    add("--fail-rate", type=_rate, default=0.0, help="0 to 1: confirm failed or reject")
    add("--die-after", type=_count, help="die at this message, after its work, before its ack")
    add("--refuse-at", type=_count, help="reject this message")
    add("--seed", type=int, help="make the random choices repeatable")
    add("--stop-when-idle", type=_seconds, help="end after so many seconds without a message")
    add("--max-messages", type=_count, help="end after so many messages")
    return parser


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,64}", text):
        raise argparse.ArgumentTypeError("must be 1 to 64 of a-z, 0-9 and _")
    return text


def _seconds(text: str) -> float:
    return _number(text, 0.0, 86400.0)


def _rate(text: str) -> float:
    return _number(text, 0.0, 1.0)


def _number(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}")
    return number


def _port(text: str) -> int:
    return int(_number(text, 0, 65535))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)

"""The line that each request leaves in the log, and the request's id in every line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from fintegrate.logs import configure_logging, line_handler
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.keys import key_id, parsed, with_wrong_secret


@pytest.fixture
def lines(environment: dict[str, str], bank: Bank) -> Iterator[io.StringIO]:
    """What a process writes whose log level is INFO, in the form that it writes it."""
    written = io.StringIO()
    handler = line_handler("fintegrate", written)
    with parts_with(environment, LOG_LEVEL="INFO"):
        logging.getLogger().addHandler(handler)
        yield written
        logging.getLogger().removeHandler(handler)
    configure_logging("WARNING", "fintegrate")


def read(lines: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_request_logs_one_line(bank: Bank, lines: io.StringIO) -> None:
    bank.api(
        "GET", "/customer/list", query={"status": "ACTIVE"}, headers={"X-Request-Id": "my-request"}
    )

    (line,) = read(lines)
    assert line["message"].startswith("GET /customer/list 200 in ")
    assert (line["request_id"], line["level"]) == ("my-request", "INFO")


def test_line_names_the_key(bank: Bank, lines: io.StringIO) -> None:
    bank.api.get("/customer/list")
    Api(with_wrong_secret(bank.api.key)).get("/customer/list")
    Api(None).get("/customer/list")

    assert [line.get("key_id") for line in read(lines) if "customer/list" in line["message"]] == [
        key_id(bank.api.key),
        key_id(bank.api.key),
        "",
    ]


def test_key_in_a_wrong_place_is_not_logged(bank: Bank, lines: io.StringIO, query: Query) -> None:
    key = bank.api.key or ""
    secret = parsed(key).secret
    headers = {"X-Request-Id": key}

    replies = [
        bank.api("GET", f"/consumer/api-key/{key}", headers=headers),
        bank.api("GET", "/customer/list", query={key: "1"}, headers=headers),
        bank.api("GET", "/consumer/list", headers=headers),  # refused, and so audited
    ]
    logging.getLogger("driver").error("value too long: %s", key)

    written = lines.getvalue()
    assert "value too long: fk_" in written
    shown = f"{written} {query('SELECT * FROM audit_log')} {replies}"
    assert secret not in shown
    assert secret[:20] not in shown


def test_refused_request_leaves_its_line_too(lines: io.StringIO) -> None:
    Api(None).get("/customer/list", api_key="fk_secret")

    (line,) = read(lines)
    assert line["message"].startswith("GET /customer/list 401 in ")
    assert "fk_secret" not in str(line)


def test_chalice_repeats_no_log_lines(bank: Bank) -> None:
    """The framework's logger has the app's name, which is the name of the layer's loggers' parent."""
    import app

    assert app.app.app_name == "fintegrate"
    assert logging.getLogger("fintegrate").handlers == []
    assert logging.getLogger("fintegrate").propagate is True
    assert logging.getLogger("fintegrate").level == logging.NOTSET

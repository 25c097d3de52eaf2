"""Lines that are JSON already are written as they are, but for the secrets of keys."""

from __future__ import annotations

import io
import json
import logging

import pytest

from fintegrate.logs import line_handler, write_lines

KEY = f"fk_{'a' * 32}_{'b' * 40}"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    log = logging.getLogger("ready")
    monkeypatch.setattr(log, "handlers", [line_handler("service", written)])
    monkeypatch.setattr(log, "propagate", False)
    log.setLevel(logging.INFO)
    return written


def test_lines_are_written_as_they_are(stream: io.StringIO) -> None:
    write_lines(logging.getLogger("ready"), logging.INFO, ['{"a":1}', '{"b":2}'])

    assert stream.getvalue() == '{"a":1}\n{"b":2}\n'


def test_no_lines_write_nothing(stream: io.StringIO) -> None:
    write_lines(logging.getLogger("ready"), logging.ERROR, [])

    assert stream.getvalue() == ""


def test_level_holds_for_lines(stream: io.StringIO) -> None:
    write_lines(logging.getLogger("ready"), logging.DEBUG, ['{"a":1}'])

    assert stream.getvalue() == ""


def test_secret_of_a_key_is_taken_out(stream: io.StringIO) -> None:
    write_lines(logging.getLogger("ready"), logging.INFO, [json.dumps({"a": KEY})])

    assert KEY not in stream.getvalue()

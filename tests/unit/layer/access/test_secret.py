"""A secret shows itself to nobody who does not ask by name."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pprint import pformat
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from fintegrate.access.secret import SHOWN, Secret
from fintegrate.http.envelope import dumps

TOKEN = "the-token-of-ann"
SECRETS = [Secret(TOKEN.encode()), Secret({"token": TOKEN, "more": [TOKEN]})]
each = pytest.mark.parametrize("secret", SECRETS, ids=["bytes", "object"])


@dataclass
class Holder:
    """Something that has a secret."""

    secret: Secret


class Model(BaseModel):
    """The same with pydantic."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    secret: Secret


def test_secret_is_revealed_by_name() -> None:
    assert SECRETS[0].reveal() == TOKEN.encode()
    assert SECRETS[1].reveal() == {"token": TOKEN, "more": [TOKEN]}


@each
@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        pformat,
        lambda s: f"{s} {s!s} {s!r} {s!a} {s:>30}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031 - as loggers do it
        "{0} {0:x^20}".format,
        lambda s: str([s, {"a": s}, (s,)]),
        lambda s: str(Holder(s)) + str(asdict(Holder(s))),
        lambda s: str(Model(secret=s)) + str(Model(secret=s).model_dump()),
        dumps,
        lambda s: dumps({"secret": s}),
        lambda s: str(dir(s)),
        lambda s: str(copy.copy(s)) + str(copy.deepcopy([s])),
    ],
)
def test_secret_is_shown_nowhere(secret: Secret, show: Callable[[Secret], str]) -> None:
    assert TOKEN not in show(secret)


@each
@pytest.mark.parametrize(
    "attempt",
    [
        json.dumps,
        pickle.dumps,
        lambda s: pickle.dumps([s], protocol=0),
        lambda s: s.__getstate__(),
        lambda s: s.__reduce__(),
        vars,
        hash,
        bytes,
        iter,
        len,
        lambda s: s + "",
        lambda s: s < s,
        lambda s: s["token"],
        lambda s: Model(secret=s).model_dump_json(),
    ],
)
def test_secret_refuses_what_would_show(secret: Secret, attempt: Callable[[Any], Any]) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011 - each has its own
        attempt(secret)
    assert TOKEN not in str(error.value)


@each
def test_secret_stays_as_it_is(secret: Secret) -> None:
    with pytest.raises(AttributeError):
        secret._kept = b""
    with pytest.raises(AttributeError):
        del secret._kept
    with pytest.raises(AttributeError):
        secret.other = 1  # type: ignore[attr-defined]

    before = secret.reveal()
    if isinstance(before, dict):
        before["more"].append("changed")
        assert secret.reveal() != before


def test_secrets_are_compared() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret({"a": 1, "b": 2}) == Secret({"b": 2, "a": 1})
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b'{"a": 1}') != Secret({"a": 1})
    assert Secret(b"a") != b"a"


@each
def test_log_line_hides_the_secret(secret: Secret) -> None:
    lines = io.StringIO()
    logger = logging.getLogger("tests.secret")
    handler = logging.StreamHandler(lines)
    logger.addHandler(handler)
    try:
        logger.warning("opened %s %r", secret, {"it": secret}, extra={"secret": secret})
        try:
            fail_with(secret)
        except ValueError:
            logger.exception("failed")
    finally:
        logger.removeHandler(handler)

    assert SHOWN in lines.getvalue()
    assert TOKEN not in lines.getvalue()


@each
def test_traceback_hides_the_secret(secret: Secret) -> None:
    try:
        fail_with(secret)
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)

    assert TOKEN not in "".join(told.format())


def fail_with(held: Secret) -> None:
    """Raise an error that has the secret."""
    raise ValueError(held)

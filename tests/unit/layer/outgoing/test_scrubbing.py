"""What a server repeats of our secrets is taken out of its words, in whatever form it repeats it."""

from __future__ import annotations

import base64
import html
import json
import re
from hashlib import sha256
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.scrubbing import LONGEST, scrubbed, without_values

SECRET = 'EAAB/w+Z=0c"9\\k~é&<q>-17'
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=60
)


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda code: code[0].lower(), quote(SECRET, safe="")),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        quote(base64.b64encode(SECRET.encode()).decode(), safe=""),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"me:{SECRET}:x".encode()).decode(),
        base64.b64encode(f"me2:{SECRET}!".encode()).decode(),
    ],
)
def test_secret_is_replaced_in_form(echo: str) -> None:
    kept = scrubbed(f"bad token {echo} given", [SECRET])

    assert "[redacted]" in kept
    assert not any(echo[at : at + 8] in kept for at in range(len(echo) - 7) if " " not in echo[at:])
    assert kept.startswith("bad token ")
    assert kept.endswith(" given")


@given(SECRETS, st.integers(0, 700), st.sampled_from([str, quote, json.dumps]))
def test_no_piece_survives_anywhere(secret: str, before: int, form: object) -> None:
    written = form(secret)  # type: ignore[operator]
    kept = scrubbed("." * before + written, [secret])

    for at in range(len(secret) - 7):
        piece = secret[at : at + 8]
        assert piece not in kept.replace("[redacted]", "|") or piece == "." * 8


@pytest.mark.parametrize("cut", [8, 12, 20])
def test_part_of_secret_goes(cut: int) -> None:
    secret = "whsec_0123456789abcdefghij"

    assert secret[:cut] not in scrubbed(f"starts with {secret[:cut]}…", [secret])
    assert secret[-cut:] not in scrubbed(f"ends with {secret[-cut:]}.", [secret])


@pytest.mark.parametrize("secret", ["a7", "abc", "1234567"])
def test_short_secret_goes_whole(secret: str) -> None:
    assert secret not in scrubbed(f"the pin {secret} is wrong", [secret])


def test_text_is_short_and_printable() -> None:
    kept = scrubbed(b"one\r\ntwo\x00\x1b[31m\xff\xe2\x80\xae" + b"x" * 5000, [])

    assert kept.startswith("one two")
    assert len(kept) <= LONGEST
    assert kept.isprintable()


def test_words_without_secrets_stay() -> None:
    assert scrubbed(b'{"error": "Invalid pixel id"}', ["other-secret", ""]) == (
        '{"error": "Invalid pixel id"}'
    )


def test_secret_at_cut_is_gone() -> None:
    secret = "s3cr3t-" * 6

    for before in range(LONGEST - 60, LONGEST):
        kept = scrubbed("y" * before + secret, [secret])
        assert "s3cr" not in kept


HASH = sha256(b"jane@example.com").hexdigest()
PERSON = {"em": HASH, "ip": "203.0.113.9", "agent": "Mozilla/5.0 (Macintosh)", "state": "ca"}


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (f"bad em {HASH}, {HASH}", "bad em [redacted], [redacted]"),
        (f"at 203.0.113.9 in ca: {HASH[:9]}", "at [redacted] in ca: [redacted]"),
        ('{"ua": "Mozilla\\/5.0 (Macintosh)"}', '{"ua": "[redacted]"}'),
        ("Invalid parameter: event_time", "Invalid parameter: event_time"),
    ],
)
def test_persons_data_is_taken_out(words: str, kept: str) -> None:
    assert without_values(words, [PERSON]) == kept

"""Nothing of the form of a key or a password is written, wherever it stood, cut or not."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from fintegrate.access.keys import ApiKey, ApiKeys
from fintegrate.redaction import has_secret, redacted

KEY = ApiKey("7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10", "0123456789abcdef" * 4)
TEXT = ApiKeys("what-the-check-of-a-key-is-made-with").text(KEY)
PUBLIC = TEXT[:35]


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        TEXT[:-8],
        TEXT[:60],
        TEXT.upper(),
        TEXT.replace("_", "%5F"),
        TEXT.replace("fk_", "%66k_"),
        TEXT[3:],
        TEXT[36:],
        f"x{TEXT}y",
    ],
    ids=lambda written: f"{len(written)} characters",  # the key is another one in each process
)
def test_secret_is_taken_out(written: str) -> None:
    line = redacted(f"GET /consumer/api-key/{written}?{written}=1 404")

    assert has_secret(written)
    assert not has_secret(line)
    assert KEY.secret[10:20] not in line.lower()
    assert line.startswith("GET /consumer/api-key/")
    assert line.endswith(" 404")


def test_public_id_stays() -> None:
    assert redacted(f"key {TEXT} refused") == f"key {PUBLIC}_[redacted] refused"


@pytest.mark.parametrize(
    "text",
    [
        "",
        PUBLIC,
        KEY.key_id,
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "fk_x_y",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
    ids=["nothing", "public part", "uuid", "traceparent", "short", "sha-256", "sha-1"],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert not has_secret(text)
    assert redacted(text) == text


PASSWORD = base64.b64encode(b"ann:the secret of ann").decode()
NONASCII = base64.b64encode("änn:ö?>ÿ the secret".encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        f"Basic {PASSWORD}",
        f"basic {PASSWORD.rstrip('=')}",
        f"Basic   {PASSWORD[:17]}",
        f"Basic%20{quote(PASSWORD, safe='')}",
        f"Basic+{quote(NONASCII, safe='')}",
        f"Basic {NONASCII.replace('+', '-').replace('/', '_')}",
        f'{{"Authorization": "Basic {PASSWORD}"}}',
        f"Authorization: Basic {PASSWORD}\r\n",
        f"b'Authorization: BASIC {PASSWORD}'",
    ],
)
def test_password_is_taken_out(written: str) -> None:
    line = redacted(f"GET /{written} 404")

    assert has_secret(written)
    assert not has_secret(line)
    assert "[redacted]" in line
    assert PASSWORD[6:16] not in line
    assert NONASCII[6:16] not in line
    assert line.startswith("GET /")
    assert line.endswith(" 404")


@pytest.mark.parametrize(
    "text",
    [
        "Basic",
        "Basic ",
        "basic authentication",
        "HTTP Basic is taken",
        'Basic realm="library"',
        "Basic YW5u",
        "a basic rule: names",
        f"basics {PASSWORD}",
    ],
)
def test_words_after_basic_stay(text: str) -> None:
    assert not has_secret(text)
    assert redacted(text) == text

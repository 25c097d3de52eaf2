"""Half of a surrogate pair is refused where it stands, and by nothing else."""

from __future__ import annotations

import json

import pytest

from fintegrate.http.from_clients import without_halves


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"\ud83d"', '"\0"'),
        (r'"a\uDE00b"', '"a\0b"'),
        (r'"\ud83dA"', '"\0A"'),
        (r'"\ud83d\ud83d\ude00"', '"\0😀"'),
        (r'"\ude00\ud83d"', '"\0\0"'),
        (r'"\ud83d\u0041"', '"\0A"'),
    ],
)
def test_half_becomes_nul(text: str, expected: str) -> None:
    assert json.loads(without_halves(text)) == expected.strip('"')


@pytest.mark.parametrize(
    "text", [r'"\ud83d\ude00"', r'"\\ud83d"', r'"\\\\ud83d"', '"\ud7ff"', '"x"']
)
def test_whole_characters_stay(text: str) -> None:
    assert without_halves(text) == text

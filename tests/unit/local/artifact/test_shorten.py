"""What a bundle's modules lose, and what they keep."""

from __future__ import annotations

import ast

import pytest

from local.artifact.package.shorten import shortened
from tests.architecture.tree import ROOT

SOURCE = '''"""What the module is for."""

from some import endpoint

LIMIT = 3  # a comment says why
"""What the limit is of."""
TEXT = "# is no comment"


class Note(Model):
    """A note, as the document shows it."""

    size: int
    """In bytes."""


@route("/note")
@endpoint(Note)
def read_note(call):
    """Read a note.

    The document shows this.
    """
    return _found(call)


def _found(call):
    """Nobody
    reads this.
    """
'''


def test_documents_words_are_kept() -> None:
    kept = shortened("notes/read_note.py", SOURCE)

    assert '"""A note, as the document shows it."""' in kept
    assert '    """Read a note.\n\n    The document shows this.\n    """' in kept
    assert 'TEXT = "# is no comment"' in kept


def test_other_words_are_left_out() -> None:
    kept = shortened("notes/read_note.py", SOURCE)

    for words in ("is for", "says why", "limit is of", "In bytes", "Nobody", "reads this"):
        assert words not in kept


def test_packages_docstring_is_kept() -> None:
    assert "What the module is for" in shortened("notes/__init__.py", SOURCE)


def test_statements_lose_their_indentation() -> None:
    text = "-- why\n-- name: a\nSELECT 'two\n  lines',\n       'it''s'\n    -- here, too\nFROM b\n"

    assert shortened("a.sql", text) == ("-- name: a\nSELECT 'two\n  lines',\n'it''s'\nFROM b\n")


def test_each_line_keeps_its_number() -> None:
    before, after = SOURCE.split("\n"), shortened("notes/read_note.py", SOURCE).split("\n")

    assert len(before) == len(after)
    assert before.index("    return _found(call)") == after.index("    return _found(call)")


@pytest.mark.night_long
def test_code_of_functions_stays() -> None:
    for file in sorted((ROOT / "functions").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert _code(shortened(file.name, text)) == _code(text), file


def _code(text: str) -> str:
    """The syntax tree without texts that are statements."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )

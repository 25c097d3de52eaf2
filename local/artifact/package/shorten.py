"""Leaves out of a bundle what nobody reads there: comments, and docstrings that no document shows.

Each line keeps its number, so that a traceback leads to the line of the checkout. What the API's
documents are made of stays: the docstrings of endpoints, of models and of packages.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

_SQL_COMMENT = re.compile(r"^ *--(?! name: ).*\n", re.MULTILINE)
_DOCUMENTED = "endpoint"
"""The decorator of functions whose docstring is shown."""
_NO_MODELS = {"NamedTuple", "Protocol", "Enum", "Exception"}
"""The bases of classes that describe no request and no answer."""


def shortened(name: str, text: str) -> str:
    """A file of the bundle as it is packed.

    Of SQL the lines that are a comment go, but for the statements' names, and so does the indentation:
    each request sends it.
    """
    if name.endswith(".sql"):
        return _without_indentation(_SQL_COMMENT.sub("", text))
    return _without_words(text, is_package=name.endswith("__init__.py"))


def _without_indentation(text: str) -> str:
    lines, is_quoted = [], False
    for line in text.split("\n"):
        lines.append(line if is_quoted else line.lstrip(" "))
        is_quoted ^= line.count("'") % 2 == 1  # a text that goes on in the next line stays as it is
    return "\n".join(lines)


def _without_words(text: str, *, is_package: bool) -> str:
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for words in _unread(ast.parse(text), is_package=is_package):
        assert words.end_lineno is not None
        lines[words.lineno - 1] = f'{" " * words.col_offset}""'
        lines[words.lineno : words.end_lineno] = [""] * (words.end_lineno - words.lineno)
    return "\n".join(lines)


def _unread(tree: ast.Module, *, is_package: bool) -> Iterator[ast.Expr]:
    """The docstrings that no document shows, those of attributes included."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for place, statement in enumerate(body):
            if not _is_words(statement):
                continue
            is_shown = _is_documented(node) or (isinstance(node, ast.Module) and is_package)
            if place or not is_shown:
                yield statement


def _is_words(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_documented(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef):
        calls = (each.func for each in node.decorator_list if isinstance(each, ast.Call))
        return any(isinstance(call, ast.Name) and call.id == _DOCUMENTED for call in calls)
    return isinstance(node, ast.ClassDef) and any(
        isinstance(base, ast.Name) and base.id not in _NO_MODELS for base in node.bases
    )

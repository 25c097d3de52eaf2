"""Commands of a page of the documentation, run in one shell as a reader pastes them.

A block of `bash` may be followed by one of `json`, which is what it prints. There `…` stands for what
differs each time: alone as a value or entry, or within a text.
"""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.support.waiting import eventually

_BLOCK = re.compile(r"^( *)```(bash|json)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_OPEN = "…"
_END = "--- the end of a block ---"
SECONDS = 60


class Step(NamedTuple):
    """A block of commands and what it prints; None if the page does not say."""

    commands: str
    printed: Any


def steps(page: Path, *headings: str) -> Iterator[Step]:
    """The blocks below these headings, in their order."""
    text = page.read_text(encoding="utf-8")
    for heading in headings:
        section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        blocks = [(kind, textwrap.dedent(body)) for _, kind, body in _BLOCK.findall(section)]
        following = [*blocks[1:], ("", "")]
        for (kind, body), (after, said) in zip(blocks, following, strict=True):
            if kind == "bash":
                yield Step(body, _as_json(said) if after == "json" else None)


def _as_json(said: str) -> Any:
    """`{…}` and `[…]` hold anything; so does what ends in `, …`."""
    for brackets in ("{}", "[]"):
        marked = f'{{"{_OPEN}":0}}' if brackets == "{}" else f'["{_OPEN}"]'
        said = said.replace(f"{brackets[0]}{_OPEN}{brackets[1]}", marked)
    said = said.replace(f", {_OPEN}]", f',"{_OPEN}"]').replace(f", {_OPEN}}}", f',"{_OPEN}":0}}')
    return json.loads(said)


def fits(found: Any, wanted: Any) -> bool:
    """Whether this is what the page says."""
    if isinstance(wanted, str) and _OPEN in wanted:
        return isinstance(found, str)
    if isinstance(wanted, dict) and isinstance(found, dict):
        named = {name: value for name, value in wanted.items() if name != _OPEN}
        is_whole = _OPEN in wanted or found.keys() == named.keys()
        return is_whole and all(
            name in found and fits(found[name], value) for name, value in named.items()
        )
    if isinstance(wanted, list) and isinstance(found, list):
        named_entries = [each for each in wanted if each != _OPEN]
        is_whole = len(named_entries) < len(wanted) or len(found) == len(wanted)
        return (
            is_whole and all(map(fits, found, named_entries)) and len(found) >= len(named_entries)
        )
    return bool(found == wanted)


class Shell:
    """One shell, in which a block finds what those before it have set."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, commands: str) -> str:
        """What a block prints."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{commands}\necho; echo '{_END}'\n")
        self._shell.stdin.flush()
        lines = iter(self._shell.stdout.readline, f"{_END}\n")
        return "".join(line for line in lines if line or self._shell.poll() is None)

    def follow(self, step: Step) -> None:
        """Run a block until it prints what the page says. Only one that asks is run again."""
        asks = not re.search(r" -(?:d|T|X) ", step.commands)
        said: list[str] = []

        def printed() -> bool:
            said.append(self.run(step.commands).strip())
            return step.printed is None or fits(_last_json(said[-1]), step.printed)

        if asks and step.printed is not None:
            eventually(printed, f"{step.commands} prints {step.printed}", SECONDS)
        else:
            assert printed(), f"{step.commands}\n{said[-1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.kill()
        self._shell.communicate()


def _last_json(said: str) -> Any:
    try:
        return json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        return None

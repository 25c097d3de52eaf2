"""The files of the two pages: what they are made of, and what they leave out."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from chalicelib.appevents.browser.joined_modules import OFFLINE_QUEUE
from chalicelib.appevents.browser.pages import FOLDER, PLAIN, SCRIPTS, files, page_of
from tests.architecture.tree import ROOT

BROWSER = ROOT / "browser" / "appevents"
PAGES = BROWSER / FOLDER
STORE = "https://media.store.example"
_DECLARED = re.compile(
    r"^(?:export )?(?:(?:async )?function|class|const|let) (\{[^}]*\}|[\w$]+)", re.MULTILINE
)
_FURTHER = re.compile(r"^(?:const|let) .*;", re.MULTILINE)
_NAMES = re.compile(r"(?:^(?:export )?(?:const|let) |, )([\w$]+)(?= =)")


def declared(folder: str, modules: Sequence[str]) -> list[str]:
    """The names that a script's modules give at their top level."""
    names = []
    for module in modules:
        text = (BROWSER / folder / f"{module}.js").read_text(encoding="utf-8")
        further = [name for line in _FURTHER.findall(text) for name in _NAMES.findall(line)]
        names += sorted({*_DECLARED.findall(text), *further})
    return names


SETS = [("offline_queue", OFFLINE_QUEUE), *((FOLDER, modules) for modules in SCRIPTS.values())]


@pytest.mark.parametrize(("folder", "modules"), SETS)
def test_joined_modules_share_no_name(folder: str, modules: Sequence[str]) -> None:
    names = declared(folder, modules)

    assert len(names) > len(modules)
    assert sorted(names) == sorted(set(names))


def test_every_file_is_served() -> None:
    modules = {f"{name}.js" for each in SCRIPTS.values() for name in each}

    assert {file.name for file in PAGES.iterdir()} == {"demo.html", "feed.html", *PLAIN, *modules}


def test_modules_stand_after_what_they_import() -> None:
    for modules in SCRIPTS.values():
        for place, name in enumerate(modules):
            text = (PAGES / f"{name}.js").read_text(encoding="utf-8")
            imported = {*re.findall(r'from "\./([\w-]+)\.js"', text)} - {"offline-queue"}
            assert imported <= {*modules[:place]}, name


@pytest.mark.parametrize("file", sorted(PAGES.glob("*.js")), ids=lambda file: file.name)
def test_data_never_becomes_markup(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
    assert not re.search(r"localStorage.*[tT]oken|cookie", text)


class Inline(HTMLParser):
    """Finds what a strict policy would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [f"{tag} {name}" for name in names if name == "style" or name[:2] == "on"]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)


@pytest.mark.parametrize("name", ["demo", "feed"])
def test_page_runs_its_own_files_only(name: str) -> None:
    page, inline = page_of(name, STORE), Inline()
    inline.feed(page.text)

    policy = dict(
        each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; ")
    )
    assert inline.found == []
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == policy["img-src"] == f"'self' {STORE}"
    assert policy["media-src"] == STORE


def test_page_without_store_allows_none() -> None:
    policy = page_of("demo", "").headers["Content-Security-Policy"]

    assert "connect-src 'self';" in policy
    assert "media-src 'none'" in policy


def test_addresses_name_their_versions() -> None:
    for name in ("demo", "feed"):
        named = re.findall(r'(?:href|src)="([\w.]+)\?v=([^"]+)"', page_of(name, STORE).text)
        assert {file for file, _ in named} == {*PLAIN, f"{name}.js"}
        assert all(files()[file].version == version for file, version in named)


def test_pages_are_small() -> None:
    texts = [file.text for file in files().values()]
    texts += [page_of(name, STORE).text for name in ("demo", "feed")]

    assert sum(len(gzip.compress(text.encode(), 6)) for text in texts) <= 40_000

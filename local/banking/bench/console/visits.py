"""Measures what a person before the page waits for: Now, other views, an event, keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from local.banking.bench.console.visitor import Shown, Visitor, after

if TYPE_CHECKING:
    from playwright.sync_api import Page

Taken = Mapping[str, list[Shown]]
VISITS, ROTATIONS, EVENTS, PRESSES = 25, 6, 30, 25
KEPT_SECONDS = 1.1
"""The API's process answers from memory for a second, which would spare a visitor the reading."""
STATIC = "/console/assets/icon.svg"
LINKS = "nav.rail a"
KEYS = {"j": "focus", "k": "focus", "/": "search", "u": "zone"}
"""A key, and what it changes."""


def visits(visitor: Visitor, times: int = VISITS) -> tuple[Taken, float]:
    """First visits, second ones in the same browser, and the floor: one small file of the same server.

    In turns; the first turn warms up. With them the largest sum of layout shifts in a first visit.
    """
    taken: dict[str, list[Shown]] = {"floor": [], "first": [], "cached": []}
    shifts = []
    for turn in range(times + 1):
        with visitor.context() as context:
            small = visitor.visit(context.new_page(), STATIC, "all")
        time.sleep(KEPT_SECONDS)
        with visitor.context() as context:
            page = context.new_page()
            first = visitor.visit(page)
            shifts.append(float(page.evaluate("() => probe.shifted()")))
            page.close()
            time.sleep(KEPT_SECONDS)
            cached = visitor.visit(context.new_page())
        if turn:
            for name, one in zip(taken, (small, first, cached), strict=True):
                taken[name].append(one)
    return taken, max(shifts)


def views(visitor: Visitor, rotations: int = ROTATIONS) -> tuple[Taken, Taken]:
    """By view: the first click on its link since the page was loaded, and the second one.

    At the second the page may draw what it remembers. The first rotation warms up.
    """
    first: dict[str, list[Shown]] = {}
    again: dict[str, list[Shown]] = {}
    for rotation in range(rotations + 1):
        with visitor.context() as context:
            page = context.new_page()
            visitor.visit(page)
            for taken in (first, again):
                for name, one in _rotation(page):
                    if rotation:
                        taken.setdefault(name, []).append(one)
    return first, again


def _rotation(page: Page) -> Iterator[tuple[str, Shown]]:
    """Every view once, beginning with the one after Now and ending with Now."""
    links = page.locator(LINKS)
    count = links.count()
    for number in (*range(1, count), 0):
        link = links.nth(number)
        name = str(link.get_attribute("href")).removeprefix("#/")
        yield name, after(page, "click", "view", link.click)
        page.wait_for_load_state("networkidle")


def opened(visitor: Visitor, times: int = EVENTS) -> list[Shown]:
    """Clicks on rows of Events, each another one, until the panel shows the event's steps."""
    with visitor.context() as context:
        page = _events(visitor, context.new_page())
        taken = []
        for number in range(times + 1):
            cell = page.locator("main [data-row]").nth(number).locator("td").last
            cell.scroll_into_view_if_needed()
            taken.append(after(page, "click", "steps", cell.click))
            page.keyboard.press("Escape")
            page.locator(".panel").wait_for(state="detached")
    return taken[1:]


def pressed(visitor: Visitor, times: int = PRESSES) -> Taken:
    """Keys on Events with its rows, until the first frame after what they change."""
    with visitor.context() as context:
        page = _events(visitor, context.new_page())
        return {key: _presses(page, key, times) for key in KEYS}


def _presses(page: Page, key: str, times: int) -> list[Shown]:
    press: Callable[[], None] = lambda: page.keyboard.press(key)  # noqa: E731
    if key == "k":  # the first row has none above it
        page.keyboard.press("j")
    taken = []
    for _ in range(times + 1):
        taken.append(after(page, "keydown", KEYS[key], press))
        if key == "/":
            page.keyboard.press("Escape")
    return taken[1:]


def _events(visitor: Visitor, page: Page) -> Page:
    visitor.visit(page)
    after(page, "click", "view", page.locator(f"{LINKS}[href='#/events']").click)
    page.locator("main [data-row]").first.wait_for()
    return page

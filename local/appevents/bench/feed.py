"""Measures a page of the feed of all: beside its floor, among more posts, and far down."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from chalicelib.appevents import wiring
from chalicelib.appevents.video.list_feed import POSTS
from fintegrate.http.listings import Listing
from local.appevents.bench.databases import AppDatabases, AppTemplate
from local.appevents.bench.page_floor import RawFeed
from local.appevents.bench.posts import nth_post, write_many_posts
from local.appevents.bench.user import User
from local.bench.figures import Figures
from local.bench.timing import in_turns, median

FEED, LIMIT = "/api/v1/feed", 20
FEW = 10_000
MANY = int(os.environ.get("BENCH_POSTS", "1_000_000"))
DEEP = 0.7
TURNS = 12
Page = Callable[[], str]


def feed(template: AppTemplate) -> Figures:
    """A user's page (p50), in turns with the floor, with a page among few, and with a page far down."""
    with template.copy("few") as few, template.copy("many") as many:
        user = User(many.environment)
        for databases, count in ((few, FEW), (many, MANY)):
            write_many_posts(databases, count, user.id)
        below = cursor_after(POSTS, nth_post(many, int(MANY * DEEP)))
        with RawFeed(many, user.id, LIMIT) as raw:
            first, among_few = _page(many, user), _page(few, user)
            deep = _page(many, user, cursor=below)
            _check(first(), raw.page())
            times = in_turns(TURNS, first, raw.page, among_few, deep)
    first_ms, floor_ms, few_ms, deep_ms = map(median, times)
    return {
        "feed_posts": float(MANY),
        "feed_ms": first_ms,
        "feed_floor_ms": floor_ms,
        "feed_vs_floor": first_ms / floor_ms,
        "feed_among_few_ms": few_ms,
        "feed_growth": first_ms / few_ms,
        "feed_deep_ms": deep_ms,
        "feed_depth": deep_ms / first_ms,
    }


def cursor_after(listing: Listing, row: dict[str, Any], *of: str) -> str:
    """The cursor of the page that begins after a row."""
    _, cursor = listing.page([row, row], 1, *of)
    if cursor is None:
        raise RuntimeError("a page that is not the last has a cursor")
    return cursor


def _page(databases: AppDatabases, user: User, **query: object) -> Page:
    call = user.prepared("GET", FEED, query={"limit": LIMIT, **query})

    def page() -> str:
        wiring.use(databases.parts)
        return call()

    return page


def _check(ours: str, floor: str) -> None:
    """Both must give the same posts, else the ratio compares nothing. Moments differ, so do URLs."""
    given, raw = json.loads(ours)["data"]["posts"], json.loads(floor)["posts"]
    if [each["post_id"] for each in given] != [each["post_id"] for each in raw] or len(raw) < LIMIT:
        raise RuntimeError("the handler and the floor give other posts")
    if given[0].keys() != raw[0].keys() or len(given[0]["video_url"]) != len(raw[0]["video_url"]):
        raise RuntimeError("the handler and the floor give other fields")

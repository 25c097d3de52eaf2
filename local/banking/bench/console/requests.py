"""Measures every request of the console in process, through the functions, beside one indexed read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from chalicelib.banking.overview import live
from chalicelib.banking.overview.minutes import write_minutes
from chalicelib.banking.overview.read_overview import ANSWERS, KEPT, PAST, SERVERS
from chalicelib.banking.wiring import parts
from fintegrate.console.kept import Kept
from local.banking.bench.api import looking, prepared
from local.banking.bench.console import looks
from local.banking.bench.console.bars import BARS_MS, LISTS
from local.banking.bench.console.looks import Look
from local.banking.bench.console.report import tell
from local.banking.bench.console.store import Store
from local.banking.bench.console.turns import Call, Taken, Turns, floor_of, summed_up
from local.bench.figures import Figures
from local.machine.checkout import ROOT

BROWSER = ROOT / "browser" / "console"
ROWS_BEFORE = 99 * 50
"""The rows before the hundredth page of fifty."""
LONGEST = 200
POLLS_A_MINUTE = 30
"""The past is read again when a minute was counted, the newest minutes are after a minute."""
SCHEDULE: Kept[dict[str, Any]] = Kept(60.0)
SESSION = "SELECT pg_backend_pid() AS pid"


def console(store: Store) -> Figures:
    """Measure, print the slowest requests, and write every one's figures to `bench-console.json`."""
    turns = Turns(_floor(store), _backend())
    taken = _overview(store, turns)
    try:
        taken["series_24h"] = list(_series(store, turns, partial(_go_on, store)))
        taken["series_unpolled"] = list(_series(store, turns, partial(_forget_live, store)))
        taken["dry_run"] = [_dry_run(store, turns)]
        for look in (*looks.others(store), *looks.lists(store)):
            taken.setdefault(look.kind, []).extend(_pages(store, turns, look))
    finally:  # what was measured before something failed is not lost
        tell(taken)
    figures = {f"console_store_{name}": float(number) for name, number in store.counts.items()}
    figures |= floor_of([each for every in taken.values() for each in every])
    for kind, every in taken.items():
        figures |= summed_up(kind, every)
    return figures | served_sizes()


def served_sizes() -> Figures:
    """What a first visit gets, and all files together, as they are compressed on the way."""
    page = (BROWSER / "index.html").read_text(encoding="utf-8")
    sizes = {
        file.name: len(gzip.compress(file.read_bytes(), mtime=0)) / 1000
        for file in BROWSER.iterdir()
        if file.suffix != ".svg"
    }
    of_page = sizes.pop("index.html")
    return {
        "console_script_style_kb": sum(size for name, size in sizes.items() if name in page),
        "console_all_files_kb": sum(sizes.values()),
        "console_page_kb": of_page,
    }


def hundredth(first: Callable[[Mapping[str, object]], dict[str, Any]]) -> str | None:
    """The cursor of the hundredth page of fifty, or of the last page where there are fewer.

    `first` asks for a page with a limit and a cursor.
    """
    left, cursor = ROWS_BEFORE, None
    while left:
        limit = min(left, LONGEST)
        found = first({"limit": limit} | ({"cursor": cursor} if cursor else {}))["next_cursor"]
        if found is None:
            break
        left, cursor = left - limit, found
    return cursor


def _pages(store: Store, turns: Turns, look: Look) -> Iterator[Taken]:
    """The look, and of a list its hundredth page, too."""
    bar = BARS_MS.get(look.kind, float("inf"))
    yield turns.take(look.name, _asking(store, look), bar)
    if look.kind not in LISTS or look.kind == "consumer_list":
        return

    def ask(more: Mapping[str, object]) -> dict[str, Any]:
        answer = _asking(store, look._replace(query={**look.query, **more}))()
        data: dict[str, Any] = json.loads(answer["body"])["data"]
        return data

    cursor = hundredth(ask)
    if cursor is not None:
        deep = look._replace(query={**look.query, "cursor": cursor})
        yield turns.take(f"{look.name} hundredth page", _asking(store, deep), bar)


def _overview(store: Store, turns: Turns) -> dict[str, list[Taken]]:
    """As the page polls it, while creates go on."""
    found: dict[str, list[Taken]] = {"overview": [], "overview_304": []}
    for who, key in (("all", store.admin_key), ("bank", store.bank_key)):
        ask, polls = looking(key, "/overview", {}), count()
        again = partial(_age, store, polls)
        found["overview"].append(turns.take(f"/overview {who}", ask, BARS_MS["overview"], again))
        version = ask()["headers"]["ETag"]
        known = looking(key, "/overview", {}, version)
        taken = turns.take(f"/overview 304 {who}", known, BARS_MS["overview_304"])
        found["overview_304"].append(taken)
    for each in KEPT:
        each.clear()
    return found


def _age(store: Store, polls: Iterator[int]) -> None:
    """Two seconds pass, for what the process keeps."""
    _go_on(store)
    ANSWERS.clear()
    SERVERS.clear()
    if next(polls) % POLLS_A_MINUTE == 0:
        PAST.clear()
        live.COUNTINGS.clear()


def _series(store: Store, turns: Turns, before: Call) -> Iterator[Taken]:
    """After polls of the first screen, or of a process that nobody has asked: `before` says which."""
    end = datetime.now(UTC) + timedelta(minutes=1)
    for step, days in ((60, 1), (3600, 1), (3600, 30)):
        query = {
            "from": (end - timedelta(days=days)).isoformat(),
            "to": end.isoformat(),
            "step": step,
        }
        for key, who in ((store.admin_key, "all"), (store.bank_key, "bank")):
            ask = looking(key, "/overview/series", query)
            name = f"/overview/series {days} d by {step} s {who}"
            yield turns.take(name, ask, BARS_MS["series_24h"], before)


def _forget_live(store: Store) -> None:
    _go_on(store)
    live.COUNTINGS.clear()


def _go_on(store: Store) -> None:
    """Creates go on. Once a minute, as in operation, the minutes that are over are counted."""
    store.go_on()
    SCHEDULE.get(0, lambda: write_minutes(parts().request.database))


def _dry_run(store: Store, turns: Turns) -> Taken:
    """Of a million of the largest bank's events, half of what it has."""
    wanted = {
        "consumer_id": store.bank_id,
        "mode": "all",
        "from": (store.end_at - timedelta(days=15)).isoformat(),
        "dry_run": True,
    }
    ask = prepared(store.admin_key, "POST", "/replay/data", wanted)
    return turns.take("POST /replay/data dry_run", ask, BARS_MS["dry_run"])


def _asking(store: Store, look: Look) -> Callable[[], dict[str, Any]]:
    return looking(store.admin_key if look.as_admin else store.bank_key, look.path, look.query)


def _floor(store: Store) -> Call:
    """One row by its key, through the same stack."""
    wanted = {"customer_id": store.facts["customer_id"]}
    return looking(store.bank_key, "/customer/data", wanted)


def _backend() -> int:
    """The process of the session that this thread's requests use."""
    (row,) = parts().request.database.fetch_all(SESSION, {})
    return int(row["pid"])

"""Measures how fast a browser sends what its offline queue has kept.

The floor is a loop in the same page: it posts batches of as many events of the same kind, one after the
other, and keeps nothing. Both stand in the same page of the same browser and call the same server, in
turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from playwright.sync_api import Page

from local.appevents.bench.databases import AppTemplate
from local.appevents.bench.user import BATCH, User, note
from local.bench.chromium import running_chromium
from local.bench.figures import Figures
from local.serving.server import start_server

EVENTS, TURNS = 1_000, 5
MOST_SECONDS = 120
SERVER = {"SCHEDULER": "off"}
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { createOfflineQueue } from "/app/offline-queue.js";
window.queue = createOfflineQueue({
  baseUrl: location.origin, getToken: () => me.token, getUserId: () => me.user,
});
</script>"""
KEEP = """([type, data, count]) =>
  Promise.all(Array.from({length: count}, () => queue.enqueue(type, data)))"""
FLUSH = """(count) => new Promise((resolve) => {
  let sent = 0;
  const stop = queue.on("sent", () => {
    if (++sent < count) return;
    stop();
    resolve(performance.now() - window.began);
  });
})"""
"""Until the last one is out of the storage; from the moment at which the browser is back."""
LOOP = """async ([path, type, data, count]) => {
  const events = Array.from({length: count}, () => ({
    schema_version: "1.0.0", event_type: type, client_generated_id: crypto.randomUUID(),
    timestamp: new Date().toISOString(), source_service: "frontend", data,
  }));
  const began = performance.now();
  for (let at = 0; at < count; at += 50) {
    const response = await fetch(path, {
      method: "POST",
      headers: {Authorization: `Bearer ${me.token}`, "Content-Type": "application/json"},
      body: JSON.stringify({events: events.slice(at, at + 50)}),
    });
    if ((await response.json()).data.results.length === 0) throw new Error("nothing was taken");
  }
  return performance.now() - began;
}"""


def flush(template: AppTemplate) -> Figures:
    """Events a second, by the module and by the loop. The first turn warms up."""
    times: dict[str, list[float]] = {"flush": [], "fetch": []}
    with (
        template.copy() as databases,
        start_server({**databases.environment, **SERVER}) as server,
        _page(server.base_url, User(databases.environment)) as page,
    ):
        for turn in range(TURNS + 1):
            taken = {"flush": _flushed(page), "fetch": _fetched(page)}
            if turn:
                for name, milliseconds in taken.items():
                    times[name].append(milliseconds)
    ratios = [fetch / flush for flush, fetch in zip(times["flush"], times["fetch"], strict=True)]
    return {
        "flush_per_s": EVENTS * 1000 / median(times["flush"]),
        "flush_floor_per_s": EVENTS * 1000 / median(times["fetch"]),
        "flush_vs_fetch": median(ratios),
    }


@contextmanager
def _page(url: str, user: User) -> Iterator[Page]:
    """A page of the server's origin, in which the user is present and nothing was kept yet."""
    with running_chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(MOST_SECONDS * 1000)
        page.add_init_script(f"me = {json.dumps({'user': user.id, 'token': user.token})};")
        page.add_init_script("addEventListener('online', () => { began = performance.now(); });")
        page.route("**/app/blank", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto(f"{url}/app/blank")
        page.wait_for_function("window.queue")
        yield page


def _flushed(page: Page) -> float:
    """How long the module takes, in ms. The events were kept while the browser was offline."""
    page.context.set_offline(True)
    kept = note()
    page.evaluate(KEEP, [kept["event_type"], kept["data"], EVENTS])
    page.evaluate(f"window.flushed = ({FLUSH})({EVENTS}); undefined")
    page.context.set_offline(False)
    return float(page.evaluate("window.flushed"))


def _fetched(page: Page) -> float:
    """How long the loop takes, in ms."""
    kept = note()
    return float(page.evaluate(LOOP, [BATCH, kept["event_type"], kept["data"], EVENTS]))

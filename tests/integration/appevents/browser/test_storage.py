"""The storage may be full, lost, closed to us, or killed: nothing is said to be safe in vain."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, Error, Playwright

from tests.integration.appevents.browser.conftest import (
    BATCH,
    Person,
    Site,
    Tab,
    prepared,
)
from tests.support.chromium import launch_options

NewTab = Callable[[], Tab]
Stored = Callable[[Person], list[str]]
TRY = """() => queue.enqueue("machine.note.saved", {machine_id: "m", body: "a"})
    .then(() => "saved", ({code}) => code)"""
WATCHED = """
window.steps = [];
const transaction = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (stores, mode, options) {
  const made = transaction.call(this, stores, mode, options);
  if (options?.durability === "strict")
    made.addEventListener("complete", () => steps.push(`${mode} complete`));
  return made;
};
"""
FULL = """() => {
  const full = new WeakSet();
  const put = IDBObjectStore.prototype.put;
  const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "error");
  IDBObjectStore.prototype.put = function (value) {
    const request = put.call(this, value);
    full.add(this.transaction);
    this.transaction.abort();
    return request;
  };
  Object.defineProperty(IDBTransaction.prototype, "error", {configurable: true, get() {
    return full.has(this) ? new DOMException("full", "QuotaExceededError") : error.get.call(this);
  }});
  window.makeRoom = () => {
    IDBObjectStore.prototype.put = put;
    Object.defineProperty(IDBTransaction.prototype, "error", error);
  };
}"""
CONNECTIONS = """
window.connections = [];
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...options) {
  const request = open.apply(this, options);
  request.addEventListener("success", () => connections.push(request.result));
  return request;
};
"""


def test_saved_means_written(context: BrowserContext, new_tab: NewTab) -> None:
    context.add_init_script(WATCHED)
    tab = new_tab()
    tab.run("() => queue.enqueue('machine.note.saved', {}).then(() => steps.push('saved'))")

    assert tab.run("() => steps") == ["readwrite complete", "saved"]


def test_full_storage_is_said_aloud(tab: Tab, person: Person, stored: Stored) -> None:
    tab.run(FULL)
    assert tab.run(TRY) == "storage-full"
    assert (tab.batches, tab.entries()) == ([], [])

    tab.run("() => makeRoom()")
    assert tab.run(TRY) == "saved"
    tab.until_empty()
    assert stored(person) == ["a"]


def test_full_storage_repeats_nothing(
    tab: Tab, context: BrowserContext, person: Person, stored: Stored
) -> None:
    """What was sent cannot be written down: it is not sent in a loop, and the server keeps one."""
    context.set_offline(True)
    assert tab.run(TRY) == "saved"
    tab.run(
        "() => { window.remove = IDBObjectStore.prototype.delete; IDBObjectStore.prototype.delete ="
        " function () { this.transaction.abort(); }; }"
    )
    context.set_offline(False)
    tab.until_tried(1)
    tab.page.wait_for_timeout(300)
    assert len(tab.entries()) == 1
    assert len(tab.batches) <= 2  # at once, and when the browser says that it is online

    tab.run("() => { IDBObjectStore.prototype.delete = remove; return queue.resume(); }")
    tab.until_empty()
    assert stored(person) == ["a"]


@pytest.mark.parametrize("how", ["close()", "dispatchEvent(new Event('close'))"])
def test_lost_connection_is_opened_again(
    context: BrowserContext, new_tab: NewTab, person: Person, stored: Stored, how: str
) -> None:
    context.add_init_script(CONNECTIONS)
    tab = new_tab()
    tab.run("() => queue.list()")
    tab.run(f"() => connections[0].{how}")

    assert tab.run(TRY) == "saved"
    tab.until_empty()
    assert tab.run("() => connections.length") > 1
    assert stored(person) == ["a"]


def test_connection_lost_while_writing(
    context: BrowserContext, new_tab: NewTab, person: Person, stored: Stored
) -> None:
    tab = new_tab()
    tab.run("""() => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (value) {
        IDBObjectStore.prototype.put = put;
        put.call(this, value);
        this.transaction.abort();
      };
    }""")

    assert tab.run(TRY) == "saved"
    tab.until_empty()
    assert stored(person) == ["a"]


@pytest.mark.parametrize(
    "how",
    [
        "throw new DOMException('private', 'SecurityError')",
        "const r = {error: new Error('no')}; setTimeout(() => r.onerror()); return r",
        "const r = {}; setTimeout(() => r.onblocked()); return r",
    ],
)
def test_closed_storage_is_said_aloud(context: BrowserContext, new_tab: NewTab, how: str) -> None:
    context.add_init_script(f"IDBFactory.prototype.open = () => {{ {how} }};")
    tab = new_tab()

    assert tab.run(TRY) == "storage"
    assert tab.run("() => queue.list().catch(({code}) => code)") == "storage"
    assert (tab.batches, tab.faults) == ([], [])


def test_browser_without_storage_is_said_aloud(context: BrowserContext, new_tab: NewTab) -> None:
    context.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined});")

    assert new_tab().run(TRY) == "storage"


CHANGES = {
    "deleted": "indexedDB.deleteDatabase('offlineQueue')",
    "upgraded": "indexedDB.open('offlineQueue', 7)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_tab_changes_the_version(
    tab: Tab, new_tab: NewTab, person: Person, stored: Stored, change: str
) -> None:
    other = new_tab()
    tab.run("() => queue.list()")
    done = other.run(
        f"""() => new Promise((resolve) => {{
          const request = {CHANGES[change]};
          request.onblocked = () => resolve("blocked");
          request.onsuccess = () => {{ request.result?.close(); resolve("done"); }};
        }})"""
    )

    assert done == "done"
    assert tab.run(TRY) == "saved"
    tab.until_empty()
    assert stored(person) == ["a"]


def test_killed_browser_has_what_was_saved(
    playwright: Playwright, site: Site, person: Person, stored: Stored, tmp_path: Path
) -> None:
    options = launch_options()
    kept = playwright.chromium.launch_persistent_context(tmp_path, **options)
    with suppress(Error), prepared(kept, site, person):  # what is dead cannot be closed
        kept.route(f"**{BATCH}", lambda route: route.abort())
        tab = Tab(kept.new_page(), site.url)
        (saved,) = tab.enqueue("a")
        killed = kill(tmp_path)
    assert killed

    again = playwright.chromium.launch_persistent_context(tmp_path, **options)
    with prepared(again, site, person):
        tab = Tab(again.new_page(), site.url)
        tab.until_empty()
        assert tab.batches == [[saved]]
    assert stored(person) == ["a"]


def kill(folder: Path) -> bool:
    """Kill the browser that keeps its data here, with all its processes, at once."""
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if f"--user-data-dir={folder}" in (process.info["cmdline"] or [])
    ]
    family = {each for process in found for each in (process, *process.children(recursive=True))}
    for process in family:
        process.send_signal(signal.SIGKILL)
    return bool(psutil.wait_procs(family, timeout=10)[0])

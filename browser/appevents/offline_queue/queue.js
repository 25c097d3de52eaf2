// The offline queue: keeps a user's events until the server has taken or refused each.

import { LONGEST_WAIT, NEVER_STORED, QueueError, fitting, newEntry, untried } from "./entries.js";
import { createStore } from "./store.js";
import { BATCH, batchOf, isOnline, post } from "./requests.js";
import { createTabs } from "./tabs.js";
import { createListeners } from "./listeners.js";
import { createTimes } from "./times.js";
import { createSending } from "./sending.js";

const MOST_ENTRIES = 50; // of a batch
const BATCH_BYTES = 1_000_000;
const LAST_BYTES = 60_000; // browsers let 64 KiB go out of a page that is closed
const AFTER_TROUBLE = 10_000;
const TOKEN_WITHIN = 15_000;
const NONE = { pending: 0, stalled: 0, rejected: 0 };
const DUE = 1; // send if an entry's time has come
const NEW = 2; // send: there is a new entry
const ALL = 3; // send all that waits, also with a token that was refused

/** A queue, as docs/appevents/offline-queue.md describes it. */
export function createOfflineQueue({ baseUrl, getToken, getUserId }) {
  const root = String(baseUrl).replace(/\/+$/, "");
  const store = createStore();
  const listeners = createListeners();
  const times = createTimes();
  const mine = new Map(); // what waits, as far as this tab knows: for when the page closes
  const tabs = createTabs({ onLead: () => flush(ALL), onCall: flush, onTold });
  const { send, sendOnly } = createSending({
    root,
    store,
    isDue: times.isDue,
    onSettled,
    onUnauthorized: stop,
    onHeld: (wait) => (heldUntil = performance.now() + wait),
  });
  let user = null;
  let refused; // the token that the server does not take; null: there is none
  let heldUntil = 0; // the server wants to be left alone until then
  let timer;
  let running = null;
  let wanted = 0;
  let looks = 0; // how often a round has looked at what waits
  let looked = 0; // the level of the last of them
  let counting = null;
  let isClosed = false;

  // ---- Who is present, and what the page and the other tabs are told.

  async function present() {
    const id = (await getUserId()) ?? null;
    if (id !== user && !isClosed) {
      user = id;
      refused = undefined;
      mine.clear();
      tabs.follow(user);
      announce();
    }
    return id;
  }

  function tell(name, details) {
    if (!details.length) return;
    for (const detail of details) listeners.emit(name, detail);
    tabs.tell({ name, details, user });
  }

  function onTold({ name, details, user: whose }) {
    if (whose !== user) return;
    if (name === "change") announce();
    else for (const detail of details) listeners.emit(name, detail);
  }

  function changed() {
    announce();
    tabs.tell({ name: "change", user });
  }

  /** Count, and say so. A change while counting leads to one more count. */
  function announce() {
    if (counting) return void (counting.again = true);
    const own = (counting = { again: false });
    const count = user === null ? Promise.resolve(NONE) : store.count(user);
    count
      .then((counts) => isClosed || listeners.emit("change", counts), () => {})
      .then(() => {
        counting = null;
        if (own.again) announce();
      });
  }

  // ---- When to send.

  /** Something happened: this tab sends, or has the leading tab do so. */
  async function wake(level) {
    const since = looks;
    try {
      if (isClosed || (await present()) === null) return;
    } catch {
      return schedule(LONGEST_WAIT); // nobody can say who is present
    }
    const isDone = looks > since && looked >= level; // by a round that has looked meanwhile
    if (tabs.leads()) return isDone ? running : flush(level);
    schedule(LONGEST_WAIT);
    const calls = level > DUE || (await store.count(user).catch(() => ({}))).pending;
    if (calls && isOnline()) tabs.call(level);
  }

  function schedule(wait) {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(wake, Math.min(Math.max(wait, 0), LONGEST_WAIT), DUE);
  }

  /** Send until all is sent or something fails. A wish while it runs is fulfilled afterwards. */
  function flush(level) {
    wanted = Math.max(wanted, level);
    running ??= (async () => {
      let wait = AFTER_TROUBLE;
      try {
        while (wanted) {
          const now = wanted;
          wanted = 0;
          wait = await round(now);
        }
      } catch {
        wanted = 0; // storage, or the page's own functions: later again
      }
      running = null;
      schedule(wait);
    })();
    return running;
  }

  /** Gives how long to wait until the next round, in ms. */
  async function round(level) {
    if (level === ALL) refused = undefined;
    for (let isFirst = true; ; isFirst = false) {
      const now = performance.now();
      if (isClosed || !tabs.leads() || !isOnline()) return LONGEST_WAIT;
      if (heldUntil > now) return heldUntil - now;
      const owner = await present();
      if (owner === null || !tabs.leads()) return LONGEST_WAIT;
      looks += 1;
      looked = level;
      if (wanted <= level) wanted = 0; // what was wished until now is fulfilled by this look
      const oldest = await store.oldest(owner, MOST_ENTRIES);
      const wait = remember(oldest);
      if (!oldest.length || (isFirst && level === DUE && wait > 0)) return wait;
      const token = await tokenOf();
      if (token === refused) return LONGEST_WAIT;
      if (token === null) {
        stop(null, "getToken gave no token");
        return LONGEST_WAIT;
      }
      if ((await present()) !== owner) continue; // the token may be another user's
      if (await send(fitting(oldest, BATCH_BYTES), token)) continue;
      if (refused !== undefined) return LONGEST_WAIT;
      return remember(await store.oldest(owner, MOST_ENTRIES));
    }
  }

  /** Know these entries; gives the wait until the first is due. */
  function remember(oldest) {
    mine.clear();
    for (const entry of oldest) mine.set(entry.client_generated_id, entry);
    return times.remember(oldest);
  }

  async function tokenOf() {
    let late;
    const never = new Promise((resolve) => (late = setTimeout(resolve, TOKEN_WITHIN)));
    try {
      return (await Promise.race([getToken(), never])) || null;
    } catch {
      return null;
    } finally {
      clearTimeout(late);
    }
  }

  function stop(token, words) {
    refused = token;
    tell("auth-required", [{ message: words }]);
  }

  function onSettled({ taken, refused, failed }) {
    for (const { client_generated_id: id } of [...taken, ...refused]) mine.delete(id);
    tell("sent", taken);
    tell("rejected", refused);
    tell("stalled", failed);
    changed();
  }

  /** Send what must not be stored: it is taken now, or it fails. */
  async function sendNow(entry) {
    const { client_generated_id: id, event_type } = entry;
    if (!isOnline()) throw new QueueError("offline", "This event is never stored, and there is no network");
    try {
      const status = await sendOnly(entry, await tokenOf());
      tell("sent", [{ client_generated_id: id, event_type, status }]);
      return id;
    } catch (error) {
      if (error.status === 401) tell("auth-required", [{ message: error.message }]);
      throw error;
    }
  }

  /** The page closes: send what fits. Nobody reads the answer; what was taken is a duplicate later. */
  async function sendAtTheEnd() {
    if (!tabs.leads() || !mine.size || !isOnline() || heldUntil > performance.now()) return;
    const entries = fitting([...mine.values()], LAST_BYTES);
    const owner = user;
    const token = await tokenOf();
    if (token === null || token === refused || (await getUserId()) !== owner) return;
    post(root + BATCH, batchOf(entries), token, true);
  }

  // ---- What the page calls.

  async function enqueue(type, data) {
    const entry = newEntry(type, data);
    if (isClosed) throw new QueueError("closed", "This queue is closed");
    const owner = await present();
    if (owner === null) throw new QueueError("not-signed-in", "Nobody is signed in, so the event belongs to no user");
    entry.user_id = owner;
    if (NEVER_STORED.has(type)) return sendNow(entry);
    const added = await store.add(entry);
    if (mine.size < MOST_ENTRIES) mine.set(added.client_generated_id, added);
    changed();
    wake(NEW);
    return added.client_generated_id;
  }

  /** Change the present user's entries; gives those that changed. */
  async function change(ids, revise) {
    const owner = await present();
    const own = (entry) => (entry.user_id === owner ? revise(entry) : undefined);
    const revised = owner === null ? [] : await store.change(ids, own);
    if (revised.length) changed();
    return revised;
  }

  /** Tried again as if it was new. What was refused would be refused again. */
  const anew = (entry) => (entry.state === "rejected" ? undefined : { ...entry, ...untried() });

  async function retry(id) {
    const revised = await change([id], anew);
    wake(ALL);
    return revised.length > 0;
  }

  async function retryAll() {
    const stalled = (await list()).filter(({ state }) => state === "stalled");
    const revised = await change(stalled.map((entry) => entry.client_generated_id), anew);
    wake(ALL);
    return revised.length;
  }

  async function discard(id) {
    mine.delete(id);
    return (await change([id], () => null)).length > 0;
  }

  async function list() {
    const owner = await present();
    return owner === null ? [] : store.all(owner);
  }

  function on(name, listener) {
    const takeOff = listeners.add(name, listener);
    if (name === "change") announce();
    return takeOff;
  }

  // ---- What the browser says.

  const page = globalThis.document;
  const back = () => {
    tabs.follow(user);
    wake(ALL);
  };
  const watched = [
    [globalThis, "online", () => wake(ALL)],
    [globalThis, "pagehide", () => { sendAtTheEnd(); tabs.resign(); }],
    [globalThis, "pageshow", (event) => { if (event.persisted) back(); }],
    [page, "visibilitychange", () => { if (page.visibilityState === "visible") wake(ALL); }],
    [page, "freeze", () => tabs.resign()],
    [page, "resume", back],
  ];
  for (const [target, name, listener] of watched) target?.addEventListener(name, listener);
  wake(ALL);

  function close() {
    isClosed = true;
    clearTimeout(timer);
    tabs.close();
    for (const [target, name, listener] of watched) target?.removeEventListener(name, listener);
  }

  return { enqueue, retry, retryAll, discard, list, on, resume: () => wake(ALL), close };
}

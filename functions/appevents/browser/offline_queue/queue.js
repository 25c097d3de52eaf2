// The offline queue: keeps a user's events until the server has taken or refused each.

import {
  LONGEST_WAIT,
  NEVER_STORED,
  QueueError,
  afterFailure,
  envelopeOf,
  fitting,
  newEntry,
  untried,
} from "./entries.js";
import { createStore } from "./store.js";
import { BATCH, ONE, batchOf, meaningOf, post, resultsOf } from "./requests.js";
import { createTabs } from "./tabs.js";

const EVENTS = ["change", "sent", "rejected", "stalled", "auth-required"];
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
  const listeners = new Map(EVENTS.map((name) => [name, new Set()]));
  const mine = new Map(); // what waits, as far as this tab knows: for when the page closes
  const tabs = createTabs({ onLead: () => flush(ALL), onCall: flush, onTold });
  let user = null;
  let refused; // the token that the server does not take
  let heldUntil = 0; // the server wants to be left alone until then
  let times = new Map(); // id → when its next try is due
  let timer;
  let running = null;
  let wanted = 0;
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

  function emit(name, detail) {
    for (const listener of listeners.get(name)) {
      try {
        listener(detail);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // the page's own fault, and for its console
      }
    }
  }

  function tell(name, details) {
    if (!details.length) return;
    for (const detail of details) emit(name, detail);
    tabs.tell({ name, details, user });
  }

  function onTold({ name, details, user: whose }) {
    if (whose !== user) return;
    if (name === "change") announce();
    else for (const detail of details) emit(name, detail);
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
      .then((counts) => isClosed || emit("change", counts), () => {})
      .then(() => {
        counting = null;
        if (own.again) announce();
      });
  }

  // ---- When to send.

  /** Something happened: this tab sends, or has the leading tab do so. */
  async function wake(level) {
    try {
      if (isClosed || (await present()) === null) return;
    } catch {
      return schedule(LONGEST_WAIT); // nobody can say who is present
    }
    if (tabs.leads()) return flush(level);
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

  /**
   * Know these entries' times; gives the wait until the first. Times are kept by a clock that does not
   * jump. A time that was stored is far away when the wall clock was moved, so the wait is bounded.
   */
  function remember(oldest) {
    const now = performance.now();
    const former = times;
    times = new Map();
    mine.clear();
    for (const entry of oldest) {
      const { client_generated_id: id, nextRetryAt, lastError } = entry;
      const left = Math.min(Math.max(nextRetryAt - Date.now(), 0), LONGEST_WAIT);
      const known = former.get(id);
      const due = lastError === null ? now : now + left;
      times.set(id, known?.nextRetryAt === nextRetryAt ? known : { nextRetryAt, due });
      mine.set(id, entry);
    }
    const dues = [...times.values()].map(({ due }) => due - now);
    return dues.length ? Math.max(Math.min(...dues), 0) : LONGEST_WAIT;
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

  // ---- Sending.

  /** Send these, oldest first; gives whether to go on with the next. */
  async function send(entries, token) {
    const answer = await post(root + BATCH, batchOf(entries), token);
    const meaning = meaningOf(answer.status);
    if (meaning === "taken") return settle(entries, resultsOf(entries, answer));
    if (meaning === "unauthorized") {
      stop(token, answer.words);
      return false;
    }
    if (meaning === "refused" && entries.length > 1) {
      // It says nothing of the single entries, and may be for their number or length.
      const half = entries.length >> 1;
      return (await send(entries.slice(0, half), token)) && send(entries.slice(half), token);
    }
    if (answer.status === 0 && !isOnline()) return false; // that was no try
    const least = Math.min(answer.retryAfter, LONGEST_WAIT);
    if (meaning === "failed" && least) heldUntil = performance.now() + least;
    const same = new Map(entries.map((entry) => [entry.client_generated_id, { meaning, words: answer.words }]));
    return settle(entries, same, least);
  }

  /** Write down what became of them; gives whether none failed. */
  async function settle(entries, results, least = 0) {
    const jitter = 0.9 + Math.random() * 0.2; // one for all: they stay together
    const now = performance.now();
    const settled = { taken: [], refused: [], failed: [] };
    const isDue = ({ client_generated_id: id }) => !(times.get(id)?.due > now);
    await store.change(results.keys(), (entry) => {
      const { meaning, words, status } = results.get(entry.client_generated_id);
      const { client_generated_id, event_type, state } = entry;
      if (meaning === "taken") {
        settled.taken.push({ client_generated_id, event_type, status });
        return null;
      }
      if (state !== "pending") return undefined;
      // Who went along before its time, because a newer entry was tried, has spent no try.
      if (meaning === "failed" && !isDue(entry)) return undefined;
      const revised = meaning === "failed"
        ? afterFailure(entry, words, jitter, least)
        : { ...entry, state: "rejected", lastError: words };
      if (revised.state !== "pending") settled[meaning].push(revised);
      return revised;
    });
    for (const { client_generated_id: id } of [...settled.taken, ...settled.refused]) mine.delete(id);
    tell("sent", settled.taken);
    tell("rejected", settled.refused);
    tell("stalled", settled.failed);
    changed();
    return [...results.values()].every(({ meaning }) => meaning !== "failed");
  }

  /** Send what must not be stored: it is taken now, or it fails. */
  async function sendOnly(entry) {
    if (!isOnline()) throw new QueueError("offline", "This event is never stored, and there is no network");
    const token = await tokenOf();
    const answer = token === null
      ? { status: 401, words: "getToken gave no token" }
      : await post(root + ONE, envelopeOf(entry), token);
    const { client_generated_id: id, event_type } = entry;
    if (meaningOf(answer.status) === "taken" && answer.data?.client_generated_id === id) {
      tell("sent", [{ client_generated_id: id, event_type, status: answer.data.status }]);
      return id;
    }
    if (answer.status === 401) tell("auth-required", [{ message: answer.words }]);
    throw Object.assign(new QueueError("not-sent", answer.words), { status: answer.status });
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
    if (NEVER_STORED.has(type)) return sendOnly(entry);
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
    if (!listeners.has(name)) throw new QueueError("invalid", `There is no event ${name}`);
    listeners.get(name).add(listener);
    if (name === "change") announce();
    return () => listeners.get(name).delete(listener);
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

function isOnline() {
  return globalThis.navigator?.onLine !== false;
}

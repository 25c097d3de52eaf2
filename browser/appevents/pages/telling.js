// The pages' offline queue, and what became of the events that it sent.
//
// Outcomes are read by polling ids. An id is asked for when its event has left the queue: after a second
// at first, then less and less often, and not at all without a connection or while the page is hidden.

import { isOnline, onNetwork } from "./network.js";
import { createOfflineQueue } from "./offline-queue.js";
import { BASE, call, current, onSession } from "./session.js";

const FIRST_ASK = 1000, LAST_ASK = 10_000, ASK_SLOWER = 1.4, MOST_OUTCOMES = 12;
const SETTLED = ["processed", "rejected"];

export const queue = createOfflineQueue({
  baseUrl: BASE,
  getToken: () => current()?.token ?? null,
  getUserId: () => current()?.userId ?? null,
});

const followed = new Map();
const awaited = new Map();
const outcomeListeners = new Set();
let lookTimer = null, lookAt = 0, askWait = FIRST_ASK, askedAt = 0;

/** Put an event into the queue; returns its id when it is safe there. */
export async function tell(type, data) {
  const id = await queue.enqueue(type, data);
  follow({ client_generated_id: id, event_type: type, status: "waiting", since: Date.now() });
  return id;
}

/** Resolves to the event's state when it is processed or rejected, by its service or at the door. */
export function settled(id) {
  return new Promise((resolve) => awaited.set(id, resolve));
}

/** Call `listener(states, newest first)` at each change. */
export function onOutcomes(listener) {
  outcomeListeners.add(listener);
}

/** What waits in this browser for the present user, oldest first. */
export const waiting = () => queue.list();

function follow(state) {
  followed.set(state.client_generated_id, state);
  askWait = FIRST_ASK;
  showOutcomes();
  lookSoon();
}

function showOutcomes() {
  const newest = [...followed.values()].sort((a, b) => b.since - a.since);
  for (const old of newest.slice(MOST_OUTCOMES)) if (isSettled(old)) followed.delete(old.client_generated_id);
  outcomeListeners.forEach((listener) => listener(newest.slice(0, MOST_OUTCOMES)));
}

const isSettled = (state) => SETTLED.includes(state.status);
const unsettled = () => [...followed.values()].filter((state) => !isSettled(state));

function lookSoon(ms = 0) {
  if (lookTimer && lookAt <= Date.now() + ms) return;
  clearTimeout(lookTimer);
  lookAt = Date.now() + ms;
  lookTimer = setTimeout(lookForOutcomes, ms);
}

/** Compare with the queue, and ask the server, but not sooner than it is time to. */
async function lookForOutcomes() {
  lookTimer = null;
  if (!current()) return;
  const before = unsettled();
  const entries = await waiting().catch(() => null);
  if (!entries) return lookSoon(LAST_ASK); // the storage does not work
  const stored = new Map(entries.map((entry) => [entry.client_generated_id, entry]));
  before.forEach((state) => compare(state, stored.get(state.client_generated_id)));
  stored.forEach(adopt);
  showOutcomes();
  const asked = unsettled().filter((state) => ["sent", "published"].includes(state.status)).slice(0, 100);
  if (!asked.length || !isOnline() || document.hidden) return; // a change of these looks again
  const left = askedAt + askWait - Date.now();
  if (left > 0) return lookSoon(left);
  await ask(asked.map((state) => state.client_generated_id));
  showOutcomes();
}

/** An event that is in the queue from an earlier visit, or from another tab. */
function adopt({ client_generated_id: id, event_type, timestamp }) {
  if (!followed.has(id)) {
    followed.set(id, { client_generated_id: id, event_type, status: "waiting", since: Date.parse(timestamp) });
  }
}

/** An event that is in the queue no more was sent. */
function compare(state, entry) {
  if (entry?.state === "rejected") {
    settle({ ...state, status: "rejected", reason: entry.lastError });
  } else if (!entry && state.status === "waiting") state.status = "sent";
}

async function ask(ids) {
  askedAt = Date.now();
  askWait = Math.min(askWait * ASK_SLOWER, LAST_ASK);
  try {
    const { events } = await call("POST", "/notify/events/status", { ids });
    events.forEach(heard);
    const known = new Set(events.map((event) => event.client_generated_id));
    ids.forEach((id) => known.has(id) || followed.delete(id)); // discarded before it was sent
  } catch (error) {
    askWait = Math.max(LAST_ASK, (error.retryAfter ?? 0) * 1000);
  }
  if (ids.some((id) => followed.has(id) && !isSettled(followed.get(id)))) lookSoon(askWait);
}

function heard(event) {
  const known = followed.get(event.client_generated_id);
  const state = { ...known, ...event, status: event.status === "accepted" ? "sent" : event.status };
  if (isSettled(state)) settle(state);
  else if (known) followed.set(event.client_generated_id, state);
}

function settle(state) {
  followed.set(state.client_generated_id, state);
  awaited.get(state.client_generated_id)?.(state);
  awaited.delete(state.client_generated_id);
}

queue.on("change", () => lookSoon());
onNetwork(() => lookSoon());
document.addEventListener("visibilitychange", () => lookSoon());
onSession(async (session) => {
  followed.clear();
  awaited.clear();
  showOutcomes();
  if (!session || !isOnline()) return;
  const { events } = await call("GET", "/notify/events?limit=10").catch(() => ({ events: [] }));
  for (const event of events) {
    if (followed.has(event.client_generated_id)) continue;
    const status = event.status === "accepted" ? "sent" : event.status;
    followed.set(event.client_generated_id, { ...event, status, since: Date.parse(event.accepted_at) });
  }
  showOutcomes();
  lookSoon();
});

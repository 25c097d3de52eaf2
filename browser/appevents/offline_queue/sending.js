// Sends entries, and writes down what the answer makes of each.

import { LONGEST_WAIT, QueueError, afterFailure, envelopeOf } from "./entries.js";
import { BATCH, ONE, batchOf, isOnline, meaningOf, post, resultsOf } from "./requests.js";

/**
 * Sending to the API at `root`. `isDue` tells whether an entry's time has come. What happened is told by
 * `onSettled` (the entries that were taken, refused, and have stalled), `onUnauthorized` and `onHeld`
 * (the server wants to be left alone for so many ms).
 */
export function createSending({ root, store, isDue, onSettled, onUnauthorized, onHeld }) {
  /** Send these, oldest first; gives whether to go on with the next. */
  async function send(entries, token) {
    const answer = await post(root + BATCH, batchOf(entries), token);
    const meaning = meaningOf(answer.status);
    if (meaning === "taken") return settle(resultsOf(entries, answer));
    if (meaning === "unauthorized") {
      onUnauthorized(token, answer.words);
      return false;
    }
    if (meaning === "refused" && entries.length > 1) {
      // It says nothing of the single entries, and may be for their number or length.
      const half = entries.length >> 1;
      return (await send(entries.slice(0, half), token)) && send(entries.slice(half), token);
    }
    if (answer.status === 0 && !isOnline()) return false; // that was no try
    const least = Math.min(answer.retryAfter, LONGEST_WAIT);
    if (meaning === "failed" && least) onHeld(least);
    const same = { meaning, words: answer.words };
    return settle(new Map(entries.map((entry) => [entry.client_generated_id, same])), least);
  }

  /** Write down what became of entries, by their ids; gives whether none failed. */
  async function settle(results, least = 0) {
    const jitter = 0.9 + Math.random() * 0.2; // one for all: they stay together
    const settled = { taken: [], refused: [], failed: [] };
    // Not the keys themselves: they could be gone through once only, and a lost connection means twice.
    await store.change([...results.keys()], (entry) => {
      const { meaning, words, status } = results.get(entry.client_generated_id);
      const { client_generated_id, event_type, state } = entry;
      if (meaning === "taken") {
        settled.taken.push({ client_generated_id, event_type, status });
        return null;
      }
      if (state !== "pending") return undefined;
      // Who went along before its time, because a newer entry was tried, has spent no try.
      if (meaning === "failed" && !isDue(entry)) return undefined;
      const revised =
        meaning === "failed"
          ? afterFailure(entry, words, jitter, least)
          : { ...entry, state: "rejected", lastError: words };
      if (revised.state !== "pending") settled[meaning].push(revised);
      return revised;
    });
    onSettled(settled);
    return [...results.values()].every(({ meaning }) => meaning !== "failed");
  }

  /** Send what must not be stored; gives its new status, or fails. */
  async function sendOnly(entry, token) {
    const answer =
      token === null
        ? { status: 401, words: "getToken gave no token" }
        : await post(root + ONE, envelopeOf(entry), token);
    const named = answer.data?.client_generated_id === entry.client_generated_id;
    if (meaningOf(answer.status) === "taken" && named) return answer.data.status;
    throw Object.assign(new QueueError("not-sent", answer.words), { status: answer.status });
  }

  return { send, sendOnly };
}

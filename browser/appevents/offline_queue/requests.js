// What is sent, and what an answer means. Leaves what follows from it to the queue.

import { clientTime, envelopeOf } from "./entries.js";

export const ONE = "/api/v1/notify/events";
export const BATCH = "/api/v1/notify/events/batch";
const ANSWER_WITHIN = 15_000;
const TRIED_AGAIN = new Set([408, 425, 429]);

/** Post JSON. Never throws: without an answer the status is 0. */
export async function post(url, body, token, keepalive = false) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), ANSWER_WITHIN);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
        "X-Client-Time": clientTime(),
      },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error", // a network that wants a login is no answer of the server
      signal: control.signal,
      keepalive,
    });
    const said = jsonIn(await response.text());
    return {
      status: response.status,
      data: said?.data,
      words: said?.detail?.status_description ?? `The server answered ${response.status}`,
      retryAfter: millisecondsOf(response.headers.get("Retry-After")),
    };
  } catch (error) {
    const words = control.signal.aborted ? "The server did not answer in time" : String(error);
    return { status: 0, words, retryAfter: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the browser has a network, as far as it knows. */
export function isOnline() {
  return globalThis.navigator?.onLine !== false;
}

/** What a status means: `taken`, `unauthorized`, `refused` for good, or `failed` for now. */
export function meaningOf(status) {
  if (status >= 200 && status < 300) return "taken";
  if (status === 401) return "unauthorized";
  return status < 400 || status >= 500 || TRIED_AGAIN.has(status) ? "failed" : "refused";
}

/** The body of a batch. */
export function batchOf(entries) {
  return { events: entries.map(envelopeOf) };
}

/**
 * What became of each entry of a batch that was taken: id → `{ meaning, words, status }`. Only a result
 * that names the id says that an entry was taken; one without any id, at its place, may refuse it.
 */
export function resultsOf(entries, answer) {
  const results = Array.isArray(answer.data?.results) ? answer.data.results : [];
  const byId = new Map(results.map((result) => [result?.client_generated_id, result]));
  return new Map(
    entries.map(({ client_generated_id: id }, place) => {
      const nameless = results.length === entries.length && results[place];
      const isNameless = nameless && nameless.client_generated_id === null;
      const result = byId.get(id) ?? (isNameless ? nameless : undefined);
      return [id, judged(result, isNameless && !byId.has(id))];
    }),
  );
}

function judged(result, isNameless) {
  const status = result?.status;
  if (!isNameless && (status === "accepted" || status === "duplicate")) {
    return { meaning: "taken", status };
  }
  if (status === "invalid") return { meaning: "refused", words: result.error ?? "The event is invalid" };
  if (status === "conflict") {
    return { meaning: "refused", words: result.error ?? "Another event has this id" };
  }
  return { meaning: "failed", words: "The server's answer does not name this event" };
}

function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function millisecondsOf(retryAfter) {
  if (!retryAfter) return 0;
  const seconds = Number(retryAfter);
  const wait = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1_000;
  return Math.max(wait, 0) || 0; // neither a number nor a date: as if nothing was said
}

// What waits in the queue: how an entry is made, and what a failed try makes of it.

export const NEVER_STORED = new Set(["feed.access.attempt"]); // what they say is secret
export const LONGEST_WAIT = 60_000;
const SCHEMA_VERSION = "1.0.0";
const MOST_BYTES = 65_536; // of an event's data; the server takes no more
const FIRST_WAIT = 2_000; // doubled with each retry
const RETRIES = 5;
const LAST_MOMENT = Date.UTC(9999, 11, 31); // the server reads no later year

/** What went wrong: `code` is for programs, `message` for people. */
export class QueueError extends Error {
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = "QueueError";
    this.code = code;
  }
}

/** The entry of a new event: the envelope, and what the queue knows of it. */
export function newEntry(type, data) {
  const text = jsonOf(data);
  if (typeof type !== "string" || !type || !text?.startsWith("{")) {
    throw new QueueError("invalid", "An event needs a type, and a JSON object as its data");
  }
  if (bytesOf(text) > MOST_BYTES) {
    throw new QueueError("too-large", `The data of an event may have at most ${MOST_BYTES} bytes`);
  }
  return {
    schema_version: SCHEMA_VERSION,
    event_type: type,
    client_generated_id: uuid(),
    timestamp: clientTime(),
    source_service: "frontend",
    data: JSON.parse(text), // what is stored is what will be sent
    ...untried(),
  };
}

/** What an entry has that waits for its first try. */
export function untried() {
  return { state: "pending", retryCount: 0, nextRetryAt: Date.now(), lastError: null };
}

/** What the server gets of an entry. */
export function envelopeOf(entry) {
  const { state, retryCount, nextRetryAt, lastError, position, ...envelope } = entry;
  return envelope;
}

/** The first entries that fit into so many bytes together, but one at least. */
export function fitting(entries, most) {
  let bytes = 0;
  const end = entries.findIndex((entry) => {
    bytes += bytesOf(JSON.stringify(envelopeOf(entry))) + 1;
    return bytes > most;
  });
  return end < 0 ? entries : entries.slice(0, Math.max(end, 1));
}

/** The entry after a failed try. `jitter` is 0.9 to 1.1, `least` what the server asked for in ms. */
export function afterFailure(entry, error, jitter, least) {
  // An entry without an error was not tried before: its first try is no retry.
  const retryCount = entry.lastError === null ? 0 : entry.retryCount + 1;
  const wait = Math.min(Math.max(FIRST_WAIT * 2 ** retryCount * jitter, least), LONGEST_WAIT);
  const state = retryCount < RETRIES ? "pending" : "stalled";
  return { ...entry, state, retryCount, nextRetryAt: Date.now() + wait, lastError: error };
}

/** The time by this clock, in ISO 8601; a clock that is beyond what the server reads is brought back. */
export function clientTime() {
  return new Date(Math.min(Math.max(Date.now(), 0), LAST_MOMENT)).toISOString();
}

function jsonOf(data) {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    throw new QueueError("invalid", "The data cannot be written as JSON", cause);
  }
}

function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // a page without TLS has only this
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

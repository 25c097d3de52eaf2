// The public API: one request, its envelope or why there is none, and the same as a command.
import { doorOf, forgetPasses, passOf, programOf } from "./passes.js";
import { moment } from "./times.js";
import * as W from "./words.js";

/** What stands before `/console`: a stage of the gateway, or nothing. */
const BASE = location.pathname.replace(/\/console\/?$/, "");
const PATIENCE_MS = 20000;

/** No answer to use. `kind`: over (no session), slow, away (try again), or refused. */
export class Refusal extends Error {
  constructor(kind, sentence, { status = 0, requestId = "", retryAfter = 0 } = {}) {
    super(sentence);
    Object.assign(this, { kind, status, requestId, retryAfter });
  }

  get passes() {
    return this.kind === "away" || this.kind === "slow";
  }
}

/** Parameters as text; `from` and `to` may be relative, lists are joined by commas. */
export function query(params = {}) {
  const pairs = [];
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
    pairs.push([name, name === "from" || name === "to" ? (moment(value) ?? value) : String(value)]);
  }
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

const over = new Set();
export const onSessionOver = (told) => over.add(told);

/** Ask the API. `raw`: the text as it is, without an envelope. A pass that is refused is asked for once again. */
export async function ask(path, options = {}) {
  const system = doorOf(path);
  if (path === "/console/session" && options.method) forgetPasses();
  if (!system) return send(path, options);
  const sent = (pass) => send(path, { ...options, headers: { ...options.headers, "X-Console-Pass": pass } });
  const pass = await passOf(system, options, send);
  try {
    return await sent(pass);
  } catch (error) {
    if (error.status !== 401) throw error;
    return sent(await passOf(system, options, send, pass));
  }
}

async function send(path, { method = "GET", params, body, headers = {}, etag, signal, raw, isPoll } = {}) {
  if (navigator.onLine === false && method !== "GET") throw new Refusal("away", W.offline);
  const limit = AbortSignal.timeout(PATIENCE_MS);
  let response, text;
  try {
    response = await fetch(BASE + path + query(params), {
      method,
      headers: {
        "X-Console": isPoll ? "poll" : "1",
        ...(body && { "Content-Type": "application/json" }),
        ...(etag && { "If-None-Match": etag }),
        ...headers,
      },
      body: body && JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
      // Without the cookie a browser asks nobody for a password either, when a system says that it takes one.
      credentials: headers["X-Console-Pass"] || (headers["X-API-Key"] && path !== "/console/session") ? "omit" : "same-origin",
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal("away", limit.aborted ? W.tooLate(PATIENCE_MS / 1000) : W.noReply);
  }
  const { status } = response;
  const requestId = response.headers.get("X-Request-Id") ?? "";
  const answer = { status, text, requestId, etag: response.headers.get("ETag"), headers: response.headers };
  if (status === 304 || (raw && response.ok)) return answer;
  const parsed = envelope(text);
  if (response.ok && parsed) return { ...answer, data: parsed.data };
  throw refusal(parsed, { status, requestId, retryAfter: +response.headers.get("Retry-After") || 0 }, path, headers);
}

function envelope(text) {
  try {
    const parsed = JSON.parse(text);
    return parsed?.detail ? parsed : null;
  } catch {
    return null;
  }
}

function refusal(parsed, facts, path, headers) {
  const sentence = parsed?.detail.status_description ?? W.notOurs(facts.status);
  if (facts.status === 401 && !headers["X-API-Key"] && !headers["X-Console-Pass"]) {
    for (const told of over) told();
    return new Refusal("over", sentence, facts);
  }
  if (facts.status === 429) return new Refusal("slow", sentence, facts);
  return new Refusal(facts.status >= 500 || !parsed ? "away" : "refused", sentence, facts);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same request for a shell that has the key in KEY, or what else its system takes. */
export function curl(path, { method = "GET", params, body, headers = {} } = {}) {
  const said = { ...headers, ...(body && { "Content-Type": "application/json" }) };
  return [
    `curl ${method === "GET" ? "" : `-X ${method} `}${quoted(location.origin + BASE + path + query(params))} ${programOf(path)}`,
    ...Object.entries(said).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body ? [`-d ${quoted(JSON.stringify(body))}`] : []),
  ].join(" \\\n  ");
}

/** Give the browser a file. */
export function save(name, text, type) {
  const place = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: place, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(place), 1000);
}

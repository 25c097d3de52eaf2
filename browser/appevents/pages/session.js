// Who is signed in in this tab, and calls to the API as this user.
//
// Tokens are in sessionStorage only: another tab may be another user, and a closed tab forgets them.

const SESSION = "session";
const FEED_ACCESS = "feed-access:";
export const BASE = new URL("..", import.meta.url).href.replace(/\/$/, "");
const sessionListeners = new Set();

/** {token, userId, name, expiresAt} or null. `expiresAt` is in ms. */
export function current() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(SESSION));
    return kept && kept.expiresAt > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

/** Keep a token. Throws an Error whose text is for the user. */
export function signIn(token, name = "") {
  const claims = claimsOf(token.trim());
  if (!claims?.sub || !claims.exp) throw new Error("This is not a token of a user.");
  if (claims.exp * 1000 <= Date.now()) throw new Error("This token has expired. Make a new one with make token.");
  const kept = { token: token.trim(), userId: claims.sub, name, expiresAt: claims.exp * 1000 };
  if (current()?.userId !== kept.userId) forgetSession();
  sessionStorage.setItem(SESSION, JSON.stringify(kept));
  sessionListeners.forEach((listener) => listener(kept));
}

export function signOut(why = "") {
  forgetSession();
  sessionListeners.forEach((listener) => listener(null, why));
}

function forgetSession() {
  for (const name of Object.keys(sessionStorage)) {
    if (name === SESSION || name.startsWith(FEED_ACCESS)) sessionStorage.removeItem(name);
  }
}

/** Call `listener(session or null, why)` now and at each change. */
export function onSession(listener) {
  sessionListeners.add(listener);
  listener(current(), "");
}

/**
 * Sign in with `#token=…&name=…`, and take both out of the address bar. Returns an error's text or "". Anybody can
 * make a link, so a user is asked before it signs in another one: what is told then would be the other's.
 */
export function signInByAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  const token = told.get("token"), name = told.get("name") ?? "";
  if (token === null) return "";
  told.delete("token");
  told.delete("name");
  history.replaceState(null, "", `${location.pathname}${told.size ? `#${told}` : ""}`);
  const user = current()?.userId;
  const isAnother = user && claimsOf(token.trim())?.sub !== user;
  if (isAnother && !confirm("This link signs in another user. Go on as that user?")) return "";
  try {
    signIn(token, name);
    return "";
  } catch (error) {
    return error.message;
  }
}

/** The server checks the token. This only reads whose it is. */
function claimsOf(token) {
  try {
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
  } catch {
    return null;
  }
}

/** A refusal by the API: its words, `status`, `reason`, `requestId` and `retryAfter` in seconds. */
export class Refused extends Error {
  constructor(response, detail) {
    super(detail?.status_description ?? `The server answered ${response.status}.`);
    this.status = response.status;
    this.reason = detail?.reason;
    this.requestId = response.headers.get("x-request-id");
    this.retryAfter = Number(response.headers.get("retry-after")) || 0;
  }
}

/** Call the API; returns `data`. Throws Refused, or a TypeError without a connection. */
export async function call(method, path, body, headers = {}) {
  const session = current();
  const response = await fetch(`${BASE}/api/v1${path}`, {
    method,
    cache: "no-store",
    headers: {
      ...(session && { Authorization: `Bearer ${session.token}` }),
      ...(body && { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said.data;
  if (response.status === 401 && session) signOut("The server no longer accepts this token.");
  throw new Refused(response, said.detail);
}

/** What an error says to a user. */
export function wordsOf(error) {
  if (!(error instanceof Refused)) return navigator.onLine ? "The server does not answer." : "There is no connection.";
  return error.status >= 500 && error.requestId ? `${error.message} (request ${error.requestId})` : error.message;
}

/** The header that opens a feed behind a passcode, if this tab has a token for it. */
export function feedAccess(ownerId) {
  const kept = ownerId && sessionStorage.getItem(FEED_ACCESS + ownerId);
  return kept ? { "X-Feed-Access": kept } : {};
}

/** Keep, or with "" forget, a token for a feed. */
export function keepFeedAccess(ownerId, token) {
  if (token) sessionStorage.setItem(FEED_ACCESS + ownerId, token);
  else sessionStorage.removeItem(FEED_ACCESS + ownerId);
}

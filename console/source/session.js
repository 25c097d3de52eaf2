// Who is signed in, and whether that has ended.
import { ask, onSessionOver } from "./api.js";
import { compareClocks } from "./times.js";
import { prefer, preferences } from "./preferences.js";
import { watched } from "./view.js";

/** null: nobody; undefined: not known yet. */
export const session = watched(undefined);
/** Whether the session ended while a view was open; the view stays as it is beneath the sign-in. */
export const isOver = watched(false);

onSessionOver(() => (session.get() ? isOver.set(true) : session.set(null)));

/** Ask who is signed in. Where nobody ever was, there is nothing to ask. */
export async function look() {
  if (!preferences.get().signedIn) return session.set(null);
  const sentAt = Date.now();
  const { data } = await ask("/console/session");
  compareClocks(data.server_time, sentAt, Date.now());
  prefer({ signedIn: true });
  session.set(data);
  return isOver.set(false);
}

export async function signIn(key, actor, isReadOnly) {
  const body = { ...(actor && { actor }), read_only: isReadOnly };
  await ask("/console/session", { method: "POST", body, headers: { "X-API-Key": key } });
  prefer({ signedIn: true });
  await look();
}

export async function signOut() {
  await ask("/console/session", { method: "DELETE" });
  prefer({ signedIn: false });
  isOver.set(false);
  session.set(null);
}

// What GET /overview says, asked by the shell for every screen: quickly on Now, else each 30 s.
import { ask } from "./api.js";
import { session } from "./session.js";
import { at } from "./systems.js";
import { useLive } from "./live.js";
import { useEffect, watched } from "./view.js";

const SLOW_MS = 30000;

export const overview = watched({});

export function useOverview(isQuick, params) {
  const live = useLive(at("/overview"), params, { every: isQuick ? undefined : SLOW_MS });
  useEffect(() => overview.set(live), [live.data, live.error, live.at]);
  return live;
}

/** [id, name] of each stream that was told of. */
export const streamNames = () => (overview.get().data?.streams ?? []).map(({ consumer_id, stream, name }) => [consumer_id ?? stream, name]);

/** The id of the bank with this name; null if there is none. Alerts know names only. */
export async function idOf(name) {
  const known = streamNames().find(([, each]) => each === name);
  if (known || !session.get().is_admin) return known?.[0] ?? (name === session.get().consumer_name ? session.get().consumer_id : null);
  const { data } = await ask(at("/consumer/list"));
  return data.consumers.find(({ name: each, consumer_name: own }) => (own ?? each) === name)?.consumer_id ?? null;
}

export const nameOf = (id) => streamNames().find(([each]) => each === id)?.[1];

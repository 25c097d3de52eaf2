// What GET /overview says, asked by the shell for every screen: quickly on Now, else each 30 s.
import { ask } from "./api.js";
import { session } from "./session.js";
import { at } from "./systems.js";
import { useLive } from "./live.js";
import { useLayoutEffect, watched } from "./view.js";

const SLOW_MS = 30000;

const latest = watched({});

/** What was told last, of this view's system: never that of the one before. */
export const overview = {
  get: () => (latest.get().path === at("/overview") ? latest.get() : {}),
  use() {
    latest.use();
    return this.get();
  },
};

export function useOverview(isQuick) {
  const path = at("/overview");
  const live = useLive(path, {}, { every: isQuick ? undefined : SLOW_MS });
  useLayoutEffect(() => latest.set({ ...live, path }), [path, live.data, live.error, live.at]);
}

/** What names a stream: a bank's id, or what its system calls it. */
export const keyOf = ({ consumer_id: id, stream }) => id ?? stream;

/** [id, name] of each stream that was told of. */
export const streamNames = () => (overview.get().data?.streams ?? []).map((stream) => [keyOf(stream), stream.name]);

/** The id of the bank with this name; null if there is none. Alerts know names only. */
export async function idOf(name) {
  const known = streamNames().find(([, each]) => each === name);
  if (known || !session.get().is_admin) return known?.[0] ?? (name === session.get().consumer_name ? session.get().consumer_id : null);
  const { data } = await ask(at("/consumer/list"));
  return data.consumers.find(({ name: each, consumer_name: own }) => (own ?? each) === name)?.consumer_id ?? null;
}

export const nameOf = (id) => streamNames().find(([each]) => each === id)?.[1];

/** The name of the stream that a row belongs to. */
export const streamOf = (row) => row.stream_name ?? row.consumer_name ?? nameOf(keyOf(row));

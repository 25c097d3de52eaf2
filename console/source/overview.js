// What GET /overview says, asked by the shell for every screen: quickly on Now, else each 30 s.
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

export const nameOf = (id) => streamNames().find(([each]) => each === id)?.[1];

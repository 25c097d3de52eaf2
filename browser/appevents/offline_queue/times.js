// When the next try of each entry is due, by a clock that does not jump.

import { LONGEST_WAIT } from "./entries.js";

/** The times of the oldest entries. */
export function createTimes() {
  let times = new Map();

  return {
    /**
     * Know these entries' times; gives the wait until the first. A time that was stored is far away
     * when the wall clock was moved, so the wait is bounded.
     */
    remember(oldest) {
      const now = performance.now();
      const former = times;
      times = new Map();
      for (const { client_generated_id: id, nextRetryAt, lastError } of oldest) {
        const left = Math.min(Math.max(nextRetryAt - Date.now(), 0), LONGEST_WAIT);
        const known = former.get(id);
        const due = lastError === null ? now : now + left;
        times.set(id, known?.nextRetryAt === nextRetryAt ? known : { nextRetryAt, due });
      }
      const dues = [...times.values()].map(({ due }) => due - now);
      return dues.length ? Math.max(Math.min(...dues), 0) : LONGEST_WAIT;
    },

    isDue: ({ client_generated_id: id }) => !(times.get(id)?.due > performance.now()),
  };
}

// Who on this page wants to hear of what.

import { QueueError } from "./entries.js";

const EVENTS = ["change", "sent", "rejected", "stalled", "auth-required"];

/** The listeners of one queue. */
export function createListeners() {
  const listeners = new Map(EVENTS.map((name) => [name, new Set()]));

  return {
    /** Gives a function that takes the listener off again. */
    add(name, listener) {
      if (!listeners.has(name)) throw new QueueError("invalid", `There is no event ${name}`);
      listeners.get(name).add(listener);
      return () => listeners.get(name).delete(listener);
    },

    emit(name, detail) {
      for (const listener of listeners.get(name)) {
        try {
          listener(detail);
        } catch (error) {
          queueMicrotask(() => { throw error; }); // the page's own fault, and for its console
        }
      }
    },
  };
}

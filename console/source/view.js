// The view layer: one tagged template, the hooks, and values that several components watch.
import { useEffect, useLayoutEffect, useReducer } from "preact/hooks";

/** `make console` compiles the templates of htm to calls of this function. */
export { h as html, render } from "preact";
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

/** Draws the component again when called. */
export const useRedraw = () => useReducer((count) => count + 1, 0)[1];

/** A value outside of components: `use()` inside one draws it again at each change. */
export function watched(value) {
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const watcher of [...watchers]) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    use() {
      const redraw = useRedraw();
      useLayoutEffect(() => this.watch(redraw), []);
      return value;
    },
  };
}

/** Draws again every second, for ages and countdowns. */
export function useTick(isOn = true) {
  const redraw = useRedraw();
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(redraw, 1000);
    return () => clearInterval(timer);
  }, [isOn]);
}

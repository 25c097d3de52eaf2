// The keyboard: single keys while nothing is typed, and `g` with a letter. May be switched off (WCAG 2.1.4).
import { preferences } from "./preferences.js";
import { useEffect, useRef } from "./view.js";

const layers = [];
let goesUntil = 0;

const isTyping = (target) => target.matches?.("input:not([type=checkbox]):not([type=radio]),textarea,select");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { key, target } = event;
  if (key !== "Escape" && (isTyping(target) || !preferences.get().keys)) return;
  if (document.querySelector("dialog[open]")) return; // A dialog has keys of its own.
  const name = Date.now() < goesUntil ? `g ${key}` : key;
  goesUntil = 0;
  if (name === "g") {
    goesUntil = Date.now() + 1500;
    return;
  }
  for (const layer of [...layers].reverse()) {
    const act = layer.current[name];
    if (act && act(event) !== false) {
      event.preventDefault();
      return;
    }
  }
});

/** Keys of a component while it is there; the newest component has the first say. */
export function useKeys(keys) {
  const layer = useRef(keys);
  layer.current = keys;
  useEffect(() => {
    layers.push(layer);
    return () => layers.splice(layers.indexOf(layer), 1);
  }, []);
}

/** Move the focus among the rows of the list that has it. */
export function step(by) {
  const rows = [...document.querySelectorAll("main [data-row]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + by))];
  if (!next) return false;
  next.querySelector("a,button")?.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

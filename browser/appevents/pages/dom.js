// Elements from data. Text goes in as text, so data is never read as markup.

export const $ = (id) => document.getElementById(id);

/** An element. `properties` are set as properties; `aria-…`, `role` and `data-…` as attributes. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * Bring a list's children in line with `items`. An item keeps its element, and so the keyboard's focus.
 * `make(item)` gives an element with a method `show(item)`, which is called for each item.
 */
export function keep(list, items, idOf, make) {
  const known = new Map([...list.children].map((child) => [child.dataset.id, child]));
  const wanted = items.map((item) => {
    const id = idOf(item);
    const child = known.get(id) ?? make(item);
    child.dataset.id = id;
    child.show(item);
    known.delete(id);
    return child;
  });
  for (const gone of known.values()) gone.remove();
  wanted.forEach((child, index) => {
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  });
}

/** Set a text only when it changes: what did not change is not read out again. */
export function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Have a screen reader say it. */
export function say(words) {
  text($("said"), words);
}

const SHAPES = {
  done: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4.6 8.3l2.3 2.3 4.5-4.9",
  wait: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.4 1.6",
  fail: "M8 1.6l6.6 12H1.4zM8 6v3.6M8 11.4v.4",
  play: "M5 3l8 5-8 5z",
  heart: "M8 13.6S2 10 2 5.9A3 3 0 0 1 8 4.6a3 3 0 0 1 6 1.3C14 10 8 13.6 8 13.6z",
};

/** A small picture beside words; it says nothing by itself. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `i i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A coloured word with its picture: `tone` is ok, warn, bad, info or none. */
export function pill(tone, words, shape) {
  return el("span", { className: `pill ${tone}` }, shape ? icon(shape) : null, words);
}

export const short = (id) => id.slice(0, 8);

/** How long ago, in words. */
export function ago(when) {
  const seconds = Math.max(0, (Date.now() - new Date(when)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(when).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/** 75 → 1:15 */
export function length(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

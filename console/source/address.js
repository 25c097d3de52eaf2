// The view is the address: `#/events?state=in_queue&from=-1h`, or `#/relay/events?…` of a further system.
import { isRelative, moment } from "./times.js";
import { watched } from "./view.js";

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const steps = path.split("/").filter(Boolean).map(decode);
  const screen = steps.pop() ?? "now";
  return { system: steps[0] ?? "", screen, params: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const address = watched(read());
addEventListener("hashchange", () => address.set(read()));

export function link(screen, params = {}, system = address.get().system) {
  const kept = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  // Commas, colons and the like are allowed in a fragment (RFC 3986, 3.5) and are easier to read.
  const query = String(new URLSearchParams(kept)).replace(/%2C/g, ",").replace(/%3A/g, ":");
  return `#/${system ? `${system}/` : ""}${screen}${query ? `?${query}` : ""}`;
}

export const go = (screen, params, system) => {
  location.hash = link(screen, params, system);
};

/** Change some parameters of this view; null takes one out. */
export const change = (params) => {
  const view = address.get();
  go(view.screen, { ...view.params, ...params });
};

/** What further systems call the filters of a view. */
const CALLED = { states: "state", event_types: "type", event: "own" };

/** What an answer of the API names as a view; a further system leaves its own name out. */
export const href = (view) => {
  const { system } = address.get();
  const path = String(view ?? "").replace(/^#?\/?/, "");
  if (!system) return `#/${path}`;
  return `#/${system}/${path.replace(/(?<=[?&])\w+(?==)/g, (name) => CALLED[name] ?? name)}`;
};

/** This view with its relative times made absolute. */
export function lasting() {
  const { screen, params } = address.get();
  const fixed = Object.entries(params).map(([name, value]) => [name, isRelative(value) ? moment(value) : value]);
  return location.href.split("#")[0] + link(screen, Object.fromEntries(fixed));
}

// The systems, as a table: screens, filters, states, places and columns of each. All fill the same shapes.
import { address } from "./address.js";
import { session } from "./session.js";
import * as W from "./words.js";

/** Filter → how it is written and what the API calls it. */
const FILTERS = {
  from: { kind: "time" },
  to: { kind: "time" },
  consumer_id: { kind: "stream", isUuid: true },
  stream: { kind: "stream" },
  customer_id: { kind: "id", isUuid: true },
  state: { kind: "many", words: "states", api: "states" },
  type: { kind: "many", of: ["customer_creation", "customer_status_change", "customer_deletion", "consumer_created"], words: "types", api: "event_types" },
  reason: { kind: "text" },
  own: { kind: "text", api: "event" },
  request_id: { kind: "text" },
  contains: { kind: "text", api: "payload_contains" },
  order: { kind: "one", of: ["newest", "oldest"] },
  actor: { kind: "text" },
  action: { kind: "text" },
  status_code: { kind: "text" },
  matched: { kind: "one", of: ["true", "false"], words: "yesNo" },
  resolved: { kind: "one", of: ["true", "false"], words: "yesNo" },
  failure_group: { kind: "text" },
};

/** Screen → its letter after `g`, filters, further parameters, and who has it (`T` tenant, `A` admin). */
const SCREENS = {
  now: { letter: "n", who: "TA", filters: [], also: ["consumer_id"] },
  connect: { letter: "c", who: "TA", also: ["consumer_id"], filters: [] },
  events: { letter: "e", who: "TA", filters: ["from", "to", "consumer_id", "state", "type", "customer_id", "reason", "request_id", "contains", "order"], also: ["event"] },
  event: { who: "TA", filters: [], also: ["event_id"], hidden: true },
  lane: { who: "TA", filters: [], also: ["customer_id"], hidden: true },
  failures: { letter: "f", who: "TA", filters: ["from", "to", "consumer_id", "reason", "resolved"], also: ["tab", "letter"] },
  replays: { letter: "r", who: "TA", filters: ["consumer_id"], also: ["job"] },
  banks: { letter: "b", who: "A", filters: [], also: ["consumer_id"] },
  bank: { who: "A", filters: [], also: ["consumer_id"], hidden: true },
  ledger: { letter: "l", who: "A", filters: [], also: ["consumer_id"] },
  audit: { letter: "a", who: "TA", filters: ["from", "to", "actor", "action", "status_code", "consumer_id", "request_id"] },
};
const FURTHER = {
  now: { letter: "n", who: "A", filters: [], also: ["stream"] },
  events: { letter: "e", who: "A", filters: ["from", "to", "stream", "state", "type", "reason", "own", "order"], also: ["event"] },
  event: { who: "A", filters: [], also: ["event_id"], hidden: true },
  failures: { letter: "f", who: "A", filters: ["from", "stream"] },
  streams: { letter: "s", who: "A", filters: [], also: ["stream"] },
  audit: { letter: "a", who: "A", filters: SCREENS.audit.filters.filter((name) => name !== "consumer_id") },
};

/**
 * System → its screens; the screen of its streams and what names one there; the states of an event; the places of its
 * pipeline, those where events wait with the side of the streams that makes them hot; the columns of both tables; what is
 * said of one stream and may be done to it. `isOrdered`: an event may wait for an earlier one.
 */
const SYSTEMS = {
  banking: {
    screens: SCREENS,
    home: ["banks", "consumer_id"],
    filters: { state: { of: ["waiting", "held_back", "publish_failed", "in_queue", "received", "processed", "delivery_failed", "dead_lettered"] } },
    places: { committed: "", outbox: "ours", published: "", queue: "readers", received: "", bank: "nobody", processed: "" },
    streams: ["stream", "state", "outbox", "queue", "lagP95", "failed", "reads", "spark"],
    events: ["committed", "state", "stream", "customer", "type", "lag", "tries"],
    isOrdered: true,
    hasAudit: true,
    hasLedger: true,
  },
  relay: {
    screens: FURTHER,
    home: ["streams", "stream"],
    filters: { state: { of: ["waiting", "held_back", "delivered", "failed", "expired", "skipped"] }, type: { kind: "text", of: null, words: null } },
    places: { committed: "", outbox: "ours", bank: "bank", processed: "" },
    streams: ["stream", "state", "outbox", "lagP95", "failed", "spark"],
    facts: ["outbox", "behind", "failed", "lagP95"],
    events: ["committed", "state", "stream", "own", "type", "lag", "tries"],
    acts: ({ stream, state }) => [state === "paused" ? ["resumeLane", { stream }] : ["pauseLane", { stream, note: W.lanePausing }]],
    hasAudit: true,
    hasLedger: true,
  },
  appevents: {
    screens: FURTHER,
    home: ["streams", "stream"],
    filters: { state: { of: ["waiting", "in_queue", "processed", "rejected", "dead_lettered", "presigned", "uploaded", "processing", "failed", "expired"] }, type: { kind: "text", of: null, words: null } },
    places: { committed: "", outbox: "broker", queue: "ours", processed: "" },
    streams: ["stream", "state", "outbox", "queue", "lagP95", "failed", "reads", "spark"],
    facts: ["outbox", "queue", "failed", "lagP95"],
    events: ["committed", "state", "stream", "own", "type", "lag", "tries"],
    acts: ({ stream, dead_letters: count }) => (count ? [["redrive", { note: W.actWholeFunction, wanted: { service: stream } }]] : []),
  },
};

const FIRST = { name: "banking", base_path: "" };

export const systems = () => session.get()?.systems ?? [FIRST];

/** The system of this view; the first one has no name in the address. */
export const system = () => systems().find(({ name }) => name === address.get().system) ?? systems()[0] ?? FIRST;

/** What this view's system has. */
export const here = () => SYSTEMS[system().name] ?? SYSTEMS.banking;

/** A path of the API of this view's system. */
export const at = (path) => `${(system().base_path ?? "").replace(/\/$/, "")}${path}`;

export const isFirst = () => system().name === systems()[0]?.name;

export const filterOf = (name) => FILTERS[name] && { ...FILTERS[name], ...here().filters[name] };

export const screensHere = () => Object.entries(here().screens).filter(([, { who }]) => who.includes(session.get()?.is_admin ? "A" : "T"));

const found = (words, path) => path.reduce((part, name) => part?.[name], words);

/** What a filter is called here: as the API calls it, where there is no better word. */
export const filterName = (name) => say("filters", name) ?? name;

/** Words as this view's system says them. */
export const say = (...path) => found(W.OF[system().name], path) ?? found(W.OF.banking, path);

// The systems, and which screens and filters each has. All systems fill the same shapes.
import { STATES } from "./icons.js";
import { address } from "./address.js";
import { session } from "./session.js";

/** Filter → how it is written and what the API calls it. */
const FILTERS = {
  from: { kind: "time" },
  to: { kind: "time" },
  consumer_id: { kind: "stream" },
  customer_id: { kind: "id" },
  state: { kind: "many", of: Object.keys(STATES), words: "states", api: "states" },
  type: { kind: "many", of: ["customer_creation", "customer_status_change", "customer_deletion", "consumer_created"], words: "types", api: "event_types" },
  reason: { kind: "text" },
  request_id: { kind: "text" },
  contains: { kind: "text", api: "payload_contains" },
  order: { kind: "one", of: ["newest", "oldest"], words: "orders" },
  actor: { kind: "text" },
  action: { kind: "text" },
  status_code: { kind: "text" },
  matched: { kind: "one", of: ["true", "false"], words: "yesNo" },
  resolved: { kind: "one", of: ["true", "false"], words: "yesNo" },
  failure_group: { kind: "text" },
};
export const filterOf = (name) => FILTERS[name];

/** Screen → its letter after `g`, filters, further parameters, and who has it (`T` tenant, `A` admin). */
export const SCREENS = {
  now: { letter: "n", who: "TA", all: true, filters: [], also: ["consumer_id"] },
  connect: { letter: "c", who: "TA", also: ["consumer_id"], filters: [] },
  events: { letter: "e", who: "TA", all: true, filters: ["from", "to", "consumer_id", "state", "type", "customer_id", "reason", "request_id", "contains", "order"], also: ["event"] },
  event: { who: "TA", all: true, filters: [], also: ["event_id"], hidden: true },
  lane: { who: "TA", all: true, filters: [], also: ["customer_id"], hidden: true },
  failures: { letter: "f", who: "TA", filters: ["from", "to", "consumer_id", "reason", "resolved"], also: ["tab", "letter"] },
  replays: { letter: "r", who: "TA", filters: ["consumer_id"], also: ["job"] },
  banks: { letter: "b", who: "A", filters: [], also: ["consumer_id"] },
  bank: { who: "A", filters: [], also: ["consumer_id"], hidden: true },
  ledger: { letter: "l", who: "A", filters: [], also: ["consumer_id"] },
  audit: { letter: "a", who: "TA", filters: ["from", "to", "actor", "action", "status_code", "consumer_id", "request_id"] },
};

const FIRST = { name: "banking", base_path: "" };

export const systems = () => session.get()?.systems ?? [FIRST];

/** The system of this view; the first one has no name in the address. */
export const system = () => systems().find(({ name }) => name === address.get().system) ?? systems()[0] ?? FIRST;

/** A path of the API of this view's system. */
export const at = (path) => `${(system().base_path ?? "").replace(/\/$/, "")}${path}`;

export const isFirst = () => system().name === systems()[0]?.name;

export const screensHere = () => Object.entries(SCREENS).filter(([, { who, all }]) => who.includes(session.get()?.is_admin ? "A" : "T") && (all || isFirst()));

// What may be done, as a table: its endpoint, its body, what is asked for, and what must be typed.
import { overview, streamOf } from "./overview.js";
import { session } from "./session.js";
import { here, system } from "./systems.js";
import { watched } from "./view.js";
import * as W from "./words.js";

/** The act whose dialog is open: {kind, …subject}; null when none is. */
export const openedAct = watched(null);
export const openAct = (kind, subject) => openedAct.set({ kind, subject, key: crypto.randomUUID(), openedBy: session.get()?.consumer_id });
export const closeAct = () => openedAct.set(null);

const one = ({ event }) => ({ event_ids: [event.event_id], period_in_days: 365 });
const list = (text) => (typeof text === "string" ? text.split(",").filter(Boolean) : text);
/** What a replay of a whole bank says, too. */
const OF_ALL = ["consumer_id", "to", "mode", "include_late", "per_second"];

/** A filter as a body takes it: lists as lists, nothing empty. */
export function filterBody(filter = {}) {
  const body = {};
  for (const [name, value] of Object.entries(filter)) {
    if (value === null || value === undefined || value === "") continue;
    body[name] = name.endsWith("s") ? list(value) : value;
  }
  if (!session.get().is_admin) delete body.consumer_id;
  return body;
}

const letters = ({ letter_ids: ids, filter }) => (ids ? { dead_letter_ids: ids } : filterBody(filter));
const job = (action) => ({ job }) => ({ job_id: job.job_id, action });
const lane = (paused) => ({ method: "PATCH", path: ({ stream }) => `/admin/v1/lanes/${stream}`, body: () => ({ paused }), reason: true });
/** So many dead letters app.events sends back in one call. */
const LETTERS_A_CALL = 100;
const numberOf = (text) => (text === "" || text === undefined ? undefined : +text);
const whole = () => true;
const bank = ({ consumer_id: id }) => ({ consumer_id: id });

const OF_WEBHOOK = ["url", "max_in_flight", "timeout_seconds"];
const BOUNDS = { max_in_flight: "10", timeout_seconds: "10" };
const ifCalled = ({ delivery }) => (delivery === "webhook" ? OF_WEBHOOK : []);
/** How a bank gets its events, as a body says it. */
const way = ({ delivery, url = "", max_in_flight: most, timeout_seconds: seconds }) => ({ delivery, ...(delivery === "webhook" && { url: url.trim(), max_in_flight: numberOf(most), timeout_seconds: numberOf(seconds) }) });

/** What the relay's replay counts, in the words of a dry run. */
const counted = ({ go_count: matched, stay_count: stay, lanes, next_cursor: next, warnings }) => {
  const sum = (name) => lanes.flatMap((each) => Object.entries(each[name])).reduce((all, [key, count]) => ({ ...all, [key]: (all[key] ?? 0) + count }), {});
  return { matched, exact: !next, stay, by_state: sum("go"), by_reason: sum("stay"), warnings };
};

/**
 * `body(subject, values)`, `fields`: asked for. `dry`: the API counts first, `told`: what it says, as banking's dry runs
 * do. `reason`: the API takes one. `final`: there is no way back, so the bank's name is typed. `unit`: of what is counted.
 * `act`: what the body says when it is no dry run. `fields` may depend on what is chosen. `own`: the API takes no session, so
 * the administrator's key is asked for. `unkept`: the answer is never stored with an Idempotency-Key. `isEmptyToo`: there is something to do although no event is hit.
 */
export const ACTS = {
  resend: { path: "/events/resend", dry: true, reason: true, body: (subject, { include_late: late }) => ({ ...one(subject), include_failed: subject.event.state === "publish_failed", ...(late && { include_late: true }) }), fields: ["include_late"] },
  replay: {
    path: "/replay/data",
    dry: true,
    reason: true,
    fields: ["consumer_id", "from", "to", "mode", "include_late", "per_second"],
    values: { mode: "missed", per_second: "50" },
    body: ({ filter }, { consumer_id: stream, from, to, mode, include_late: late, per_second: rate }) => ({ ...filterBody({ ...filter, consumer_id: filter.consumer_id ?? stream, from: filter.from ?? from, to: filter.to ?? to }), mode, ...(late && { include_late: true }), per_second: numberOf(rate) }),
    isWhole: (body) => Object.keys(body).every((name) => OF_ALL.includes(name)),
  },
  skip: { path: "/events/skip-head", dry: true, reason: true, final: true, body: ({ event }) => ({ customer_id: event.customer_id, event_id: event.event_id }) },
  requeue: { path: "/dead-letters/requeue", dry: true, reason: true, unit: "letters", body: letters },
  resolve: { path: "/dead-letters/resolve", dry: true, reason: true, final: true, unit: "letters", body: letters },
  onboard: {
    path: "/consumer/onboard",
    own: true,
    fields: (values) => ["consumer_name", "display_name", "delivery", ...ifCalled(values), "message_format", "expires_in_days", "key"],
    values: { consumer_name: "", display_name: "", delivery: "queue", url: "", ...BOUNDS, message_format: "json", expires_in_days: "365" },
    body: (_, values) => ({ consumer_name: values.consumer_name.trim(), ...(values.display_name.trim() && { display_name: values.display_name.trim() }), ...way(values), message_format: values.message_format, expires_in_days: numberOf(values.expires_in_days) }),
  },
  giveUpOnboarding: { method: "DELETE", path: "/consumer/onboard", reason: true, final: true, body: bank },
  delivery: { path: "/consumer/delivery", own: true, reason: true, isWhole: whole, fields: (values) => ["delivery", ...ifCalled(values), "rewind", "key"], values: { delivery: "queue", url: "", ...BOUNDS, rewind: "" }, body: (subject, values) => ({ ...bank(subject), ...way(values), ...(values.rewind && { rewind: true }) }) },
  rotateSecret: { path: "/consumer/delivery/rotate", own: true, reason: true, final: true, fields: ["key"], body: bank },
  tryDelivery: { path: "/consumer/delivery/test", unkept: true, reason: true, body: bank },
  format: { path: "/consumer/format", reason: true, isWhole: whole, fields: ["message_format"], values: { message_format: "json" }, body: (subject, { message_format: format }) => ({ ...bank(subject), message_format: format }) },
  offboard: { path: "/consumer/offboard", dry: true, isEmptyToo: true, reason: true, isWhole: whole, body: bank },
  takeBack: { method: "DELETE", path: "/consumer/offboard", reason: true, body: bank },
  exportBank: { path: "/consumer/export", reason: true, body: bank },
  erase: { path: "/customer/erase", reason: true, final: true, note: W.actErases, fields: ["customer_id"], body: (_, { customer_id: id = "" }) => ({ customer_id: id.trim().toLowerCase() }) },
  issue: { path: "/consumer/api-key", own: true, fields: ["key", "expires_in_days"], values: { expires_in_days: "365" }, body: ({ consumer_id: id }, { expires_in_days: days }) => ({ consumer_id: id, expires_in_days: numberOf(days) }) },
  rotate: { path: "/consumer/api-key", own: true, final: true, fields: ["key", "overlap_minutes", "expires_in_days"], values: { overlap_minutes: "0", expires_in_days: "365" }, body: ({ consumer_id: id }, { overlap_minutes: overlap, expires_in_days: days }) => ({ consumer_id: id, rotate: true, overlap_minutes: numberOf(overlap), expires_in_days: numberOf(days) }) },
  endKey: { path: "/consumer/deactivate-api-key", reason: true, dry: true, unit: "none", final: true, body: ({ key_id: key }) => ({ api_key: key }) },
  activate: { path: "/consumer/change-status", body: ({ consumer_id: id }) => ({ consumer_id: id, status: "active" }), reason: true },
  deactivate: { path: "/consumer/change-status", dry: true, unit: "none", reason: true, final: true, body: ({ consumer_id: id }) => ({ consumer_id: id, status: "deactivated" }) },
  pause: { path: "/replay/change-status", reason: true, body: job("pause") },
  resume: { path: "/replay/change-status", reason: true, body: job("resume") },
  cancel: { path: "/replay/change-status", reason: true, body: job("cancel") },
  // What it does already is said again: a rate alone is no action.
  rate: { path: "/replay/change-status", reason: true, fields: ["per_second"], values: { per_second: "" }, body: ({ job: { job_id: id, status } }, { per_second: rate }) => ({ job_id: id, action: status === "paused" ? "pause" : "resume", per_second: numberOf(rate) }) },
  deliver: { path: "/admin/v1/replay", dry: true, told: counted, unit: "deliveries", reason: true, body: ({ wanted }) => wanted, act: { dry_run: false } },
  pauseLane: lane(true),
  resumeLane: lane(false),
  redrive: { path: "/api/v1/ops/dead-letters/redrive", dry: true, told: ({ left }) => ({ matched: Math.min(left, LETTERS_A_CALL) }), unit: "letters", reason: true, body: ({ wanted }) => wanted },
  test: { path: "/customer/data", fields: ["name"], values: { name: "Test Customer" }, body: (_, { name }) => ({ name }) },
};

/** Which of an act's fields are asked for here: what the subject says already is not. */
export function fieldsOf({ kind, subject }, values) {
  const { fields: known = [] } = ACTS[kind];
  const fields = typeof known === "function" ? known(values) : known;
  const has = { ...subject.filter, ...subject.values };
  return fields.filter((name) => {
    if (name === "consumer_id") return session.get().is_admin && !has.consumer_id;
    if (name === "from" || name === "to") return subject.isNew;
    if (name === "mode") return !has.states && has.mode === undefined;
    if (name === "include_late" && kind === "resend") return subject.event.state === "publish_failed";
    return has[name] === undefined || name in (ACTS[kind].values ?? {});
  });
}

const RESENT = ["waiting", "publish_failed"];
/** Stands in a group's reason for what differs among its events. */
const LEFT_OUT = "#";
const STATUSES = { waiting: "pending", held_back: "pending" };

/** System → what sends one event again, and a group of those that failed: an act and its subject, where there is one. */
const AGAIN = {
  banking: {
    event: (event) => event.state !== "held_back" && [RESENT.includes(event.state) ? "resend" : "replay", { event, filter: { consumer_id: event.consumer_id, event_ids: [event.event_id] }, values: { mode: event.state === "processed" ? "all" : "missed" } }],
    group: (group) => ["replay", { filter: { consumer_id: group.consumer_id, failure_group: group.failure_group } }],
  },
  relay: {
    event: ({ event_id: id, state }) => {
      const [event, destination] = id.split("-").map(Number);
      return ["deliver", { wanted: { event_ids: [event], destinations: [destination], statuses: [STATUSES[state] ?? state] } }];
    },
    group: ({ stream, stage, event_type: type, reason }) => {
      const whole = [reason, reason.split(":")[0]].find((each) => !each.includes(LEFT_OUT));
      return ["deliver", { wanted: { destinations: [+stream], statuses: [stage], event_types: [type], ...(whole && { reasons: [whole] }) }, note: whole !== reason && W.actWider }];
    },
  },
  appevents: {
    event: ({ facts }) => {
      const letter = facts.find(({ name }) => name === "dead letter");
      return letter && ["redrive", { wanted: { ids: [letter.value] } }];
    },
    group: ({ stream, stage }) => stage === "dead_lettered" && here().acts(overview.get().data?.streams.find((each) => each.stream === stream) ?? {})[0],
  },
};

/** Opens the act that sends these again; nothing where there is none. */
const opener = (what) => (row) => {
  const found = AGAIN[system().name][what]?.(row);
  return found && (() => openAct(found[0], { name: streamOf(row), ...found[1] }));
};
export const sendAgain = opener("event");
export const sendGroupAgain = opener("group");
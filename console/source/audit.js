// Who did what, whose data it was, why, and what the answer was.
import { address, link } from "./address.js";
import { ACTS } from "./acts.js";
import { Csv, Foot, Nothing } from "./events.js";
import { Filters, useFilters } from "./filters.js";
import { useListing } from "./listing.js";
import { at, isFirst, say } from "./systems.js";
import { Answer, CopyCurl, Id, Level, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import * as W from "./words.js";

const short = (value) => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? `${value.slice(0, 4)}…${value.slice(-4)}` : value);

/** The act's words, of its method and path, and of what it did where several share a path. */
function actWords({ action, details }) {
  const [method, path] = action.split(/:? /);
  if (path === "/console/session") return method === "POST" ? W.signIn : W.signOut;
  if (method === "GET") return /\/data$/.test(path) ? say("showMessage") : "";
  const { act, filter } = details ?? {};
  const kind = W.acts[act] ? act : Object.keys(ACTS).find((name) => ACTS[name].path === path && (ACTS[name].method ?? "POST") === method && !NOT_TOLD.includes(name));
  return W.acts[kind === "activate" && filter?.status === "deactivated" ? "deactivate" : kind]?.[0];
}
/** A customer is made by programs, and not only as a test. */
const NOT_TOLD = ["test"];
const inWords = (value) => W.states[value] ?? W.types[value] ?? short(value);

/** Details as words: `matched 193 · states given up`. */
function detailWords(details) {
  if (details === null || typeof details !== "object") return details;
  return Object.entries(details).map(([name, value]) => {
    if (value === null || value === false || name === "consumer_id" || name === "act") return "";
    const told = name.replaceAll("_", " ");
    if (Array.isArray(value)) return value.length ? `${told} ${value.length > 3 ? W.many(value.length, "id") : value.map(inWords).join(", ")}` : "";
    if (typeof value !== "object") return `${told} ${inWords(value)}`;
    const words = detailWords(value);
    return words && (name === "filter" || name === "counts" ? words : `${told} ${words}`);
  }).filter(Boolean).join(" · ");
}

/** Acts whose request an event names. */
const MAKES_EVENTS = / \/(customer\/|consumer\/data)/;

/** Whose key it was: a bank's name, in a further system that of the credentials. */
const keyOf = (row) => row.consumer_name ?? row.owner_id;

const COLUMNS = [
  { key: "at", cell: (row) => html`<span class="mono t"><${Time} at=${row.created_at} /></span>` },
  { key: "who", cell: (row) => html`<span class="t"><${Said}>${row.actor || keyOf(row)}<//></span>${row.actor && row.actor !== keyOf(row) && html`<span class="sub"><${Said}>${keyOf(row)}<//></span>`}` },
  { key: "what", cell: (row) => html`${actWords(row)} <code class="soft">${row.action}</code>${row.details && html`<span class="sub"><${Said}>${detailWords(row.details)}<//></span>`}` },
  { key: "whose", cell: (row) => html`<${Said}>${row.subject_consumer_name ?? "—"}<//>` },
  { key: "why", cell: (row) => html`<span class="why"><${Said}>${row.reason ?? "—"}<//></span>` },
  { key: "answer", cell: (row) => html`<${Level} level=${row.status_code < 400 ? "ok" : "bad"}>${row.status_code}<//>` },
  { key: "request", name: W.ofRequest, cell: ({ action, status_code: status, request_id: id }) => id && html`<a href=${link(isFirst() && status < 400 && MAKES_EVENTS.test(action) ? "events" : "audit", { request_id: id })}><${Id} id=${id} /></a>` },
];

export function Audit() {
  address.use();
  const filters = useFilters();
  const list = useListing({ path: filters.blocked ? null : at("/audit/list"), params: filters.api, rows: "rows", id: "audit_id" });
  return html`<div class="row"><h1 tabindex="-1">${W.whoDidWhat}</h1><span class="right row"><${Csv} path=${at("/audit/list")} params=${filters.api} name="audit" /><${CopyCurl} path=${at("/audit/list")} params=${filters.api} /></span></div>
    <section class="card"><${Filters} filters=${filters} /><${Answer} of=${list.of} lines=${8}>${() => (list.rows.length ? html`<${Table} label=${W.screens.audit} columns=${isFirst() ? COLUMNS : COLUMNS.filter(({ key }) => key !== "whose")} rows=${list.rows} id=${(row) => row.audit_id} />` : html`<${Nothing} filters=${filters} title=${W.noAudit} />`)}<//><${Foot} list=${list} /></section>`;
}

// Who did what, whose data it was, why, and what the answer was.
import { address, link } from "./address.js";
import { Csv, Foot, Nothing } from "./events.js";
import { Filters, useFilters } from "./filters.js";
import { useListing } from "./listing.js";
import { at } from "./systems.js";
import { Answer, CopyCurl, Id, Level, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import { W } from "./words.js";

/** Details as words: `matched 193 · states publish_failed`. */
function detailWords(details) {
  if (details === null || typeof details !== "object") return details;
  return Object.entries(details).filter(([, value]) => value !== null && value !== false).map(([name, value]) => `${name} ${value && typeof value === "object" && !Array.isArray(value) ? detailWords(value) : value}`).join(" · ");
}

const COLUMNS = [
  { key: "at", cell: (row) => html`<span class="mono t"><${Time} at=${row.created_at} /></span>` },
  { key: "who", cell: (row) => html`<${Said}>${row.actor || row.consumer_name}<//>${row.actor && row.actor !== row.consumer_name && html`<span class="sub"><${Said}>${row.consumer_name}<//></span>`}` },
  { key: "what", cell: (row) => html`<code>${row.action}</code>${row.details && html`<span class="sub"><${Said}>${detailWords(row.details)}<//></span>`}` },
  { key: "whose", cell: (row) => html`<${Said}>${row.subject_consumer_name ?? "—"}<//>` },
  { key: "why", cell: (row) => html`<${Said}>${row.reason ?? "—"}<//>` },
  { key: "answer", cell: (row) => html`<${Level} level=${row.status_code < 400 ? "ok" : "bad"}>${row.status_code}<//>` },
  { key: "request", name: W.request, cell: (row) => row.request_id && html`<a href=${link("events", { request_id: row.request_id })}><${Id} id=${row.request_id} /></a>` },
];

export function Audit() {
  address.use();
  const filters = useFilters();
  const list = useListing({ path: filters.blocked ? null : at("/audit/list"), params: filters.api, rows: "rows", id: "audit_id" });
  return html`<div class="row"><h1 tabindex="-1">${W.whoDidWhat}</h1><span class="right row"><${Csv} path=${at("/audit/list")} params=${filters.api} name="audit" /><${CopyCurl} path=${at("/audit/list")} params=${filters.api} /></span></div>
    <section class="card"><${Filters} filters=${filters} /><${Answer} of=${list.of} lines=${8}>${() => (list.rows.length ? html`<${Table} label=${W.screens.audit} columns=${COLUMNS} rows=${list.rows} id=${(row) => row.audit_id} />` : html`<${Nothing} filters=${filters} title=${W.noAudit} />`)}<//><${Foot} list=${list} /></section>`;
}

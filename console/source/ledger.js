// The ledger: two equations per bank, and what each discrepancy means.
import { number } from "./charts.js";
import { useLive } from "./live.js";
import { at } from "./systems.js";
import { clock } from "./times.js";
import { Answer, Card, CopyCurl, Id, Level, Note, Paper, Said, Table } from "./ui.js";
import { html, useState } from "./view.js";
import * as W from "./words.js";

const RUNBOOK = "docs/banking/operations.md#the-ledger";
const COLUMNS = [
  { key: "stream", cell: ({ name, consumer_id: id }) => html`<${Said}>${name ?? html`<${Id} id=${id} />`}<//>` },
  ...Object.entries(W.ledgerColumns).slice(0, -1).map(([key, name]) => ({ key, name, right: true, cell: (row) => number(row[key]) })),
  { key: "balanced", name: W.ledgerColumns.balanced, cell: ({ balanced }) => html`<${Level} level=${balanced ? "ok" : "bad"}>${balanced ? W.yes : W.no}<//>` },
];

export function Ledger() {
  const [last, setLast] = useState(true);
  const live = useLive(at("/events/reconcile"), last ? { last } : {}, { live: false });
  return html`<${Answer} of=${live} lines=${8}>${(data) => {
    const rows = [{ ...data.total, name: W.inAll, consumer_id: "total" }, ...data.tenants.map((each) => ({ ...each, name: each.consumer_name }))];
    const off = rows.slice(1).flatMap((row) => Object.entries(row.discrepancies).filter(([, count]) => count).map(([kind, count]) => ({ kind, count, name: row.name ?? row.consumer_id })));
    return html`<div class="row"><h1 tabindex="-1">${data.balanced ? W.everythingAdds : W.notAdding}</h1><span class="pill ${data.balanced ? "ok" : "bad"}">${W.countedAt(clock(data.taken_at))}</span><span class="right row"><${CopyCurl} path=${at("/events/reconcile")} /><button onClick=${() => (last ? setLast(false) : live.again())}>${W.countNow}</button></span></div>
      ${data.recovery?.due && html`<${Note} role="alert">${W.recoveryDue}<//>`}
      <section class="card"><${Table} label=${W.screens.ledger} columns=${COLUMNS} rows=${rows} id=${(row) => row.consumer_id} /></section>
      <${Card} title=${W.discrepancyTitle}>${off.length ? html`<ul class="stack">${off.map(({ kind, count, name }) => html`<li><${Level} level="bad"><b><${Said}>${name}<//> · ${number(count)}</b> ${W.discrepancies[kind] ?? kind}${kind === "missing_events" && ` ${W.missingIs}`}<//></li>`)}</ul><p class="small"><${Paper} path=${RUNBOOK}>${W.whatToDo}<//></p>` : html`<p>${W.noDiscrepancy}</p>`}<//>`;
  }}<//>`;
}


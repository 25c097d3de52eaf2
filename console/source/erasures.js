// Which customers of a bank were erased, and the act that erases one.
import { openAct } from "./acts.js";
import { number } from "./charts.js";
import { Foot } from "./events.js";
import { useListing } from "./listing.js";
import { session } from "./session.js";
import { at } from "./systems.js";
import { Answer, Card, CopyCurl, Empty, Id, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

const columns = (name) => [
  { key: "customer", cell: (row) => html`<${Id} id=${row.customer_id} />` },
  { key: "begun", cell: (row) => html`<${Time} at=${row.begun_at} />` },
  { key: "finished", cell: (row) => html`${row.finished_at ? html`<${Time} at=${row.finished_at} />` : html`<span class="warn">${B.notFinished}</span> <button onClick=${() => openAct("erase", { name, values: { customer_id: row.customer_id } })}>${B.goOn}</button>`}${row.queues_until && html`<span class="sub">${B.queueHolds} <${Time} at=${row.queues_until} /></span>`}` },
  { key: "events", right: true, cell: (row) => number(row.event_count) },
  { key: "why", cell: (row) => html`<${Said}>${row.reason}<//>` },
  { key: "who", cell: (row) => html`<${Said}>${row.actor || W.aKey}<//>` },
].map((column) => ({ ...column, name: B.erasureColumns[column.key] }));

/** `name`: the bank's, which is typed before somebody is erased. */
export function Erasures({ id, name }) {
  const scope = session.get().is_admin ? { consumer_id: id } : {};
  const list = useListing({ path: at("/customer/erasures"), params: scope, rows: "erasures", id: "customer_id" });
  return html`<${Card} title=${B.erasures} pad=${false} side=${html`<${CopyCurl} path=${at("/customer/erasures")} params=${scope} />`}>
    <${Answer} of=${list.of} lines=${3}>${() => (list.rows.length ? html`<${Table} label=${B.erasures} columns=${columns(name)} rows=${list.rows} id=${(row) => row.customer_id} /><${Foot} list=${list} />` : html`<${Empty} title=${B.noErasures}>${B.erasuresHint}<//>`)}<//>
    <div class="pad"><button class="danger" onClick=${() => openAct("erase", { name })}>${B.eraseOne}</button></div><//>`;
}

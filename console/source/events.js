// Events: a list that stays live, with filters in the address, and one event beside it.
import { address, change, lasting as lastingLink, link } from "./address.js";
import { ask, save } from "./api.js";
import { openAct } from "./acts.js";
import { number } from "./charts.js";
import { EventPanel, reasonOf } from "./event.js";
import { Filters, inWords, useFilters } from "./filters.js";
import { step, useKeys } from "./keys.js";
import { useListing } from "./listing.js";
import { isPaused } from "./live.js";
import { nameOf, streamOf } from "./overview.js";
import { prefer, preferences } from "./preferences.js";
import { session } from "./session.js";
import { at, filterName, here, isFirst, say } from "./systems.js";
import { lasting, moment, now, since } from "./times.js";
import { Answer, Copy, CopyCurl, Empty, Field, Id, Note, Said, State, Table, Time } from "./ui.js";
import { html, useState } from "./view.js";
import * as W from "./words.js";

const NOT_OF_A_REPLAY = ["reason", "request_id", "contains"];

function lag(row) {
  if (row.state === "held_back" && row.waits_behind) return W.behindNumber(row.waits_behind);
  if (row.state === "waiting" || row.state === "in_queue" || row.state === "received" || row.state === "held_back") return since(row.created_at);
  return lasting(row.lag_ms);
}

const isOpen = (row) => row.state !== "processed";
const triesOf = (row) => row.try_count ?? row.publish_try_count;

const COLUMNS = {
  committed: { cell: (row) => html`<a class="mono t" href=${address.get().screen === "events" ? link("events", { ...address.get().params, event: row.event_id }) : link("event", { event_id: row.event_id })}><${Time} at=${row.created_at} ms /></a>` },
  state: { cell: (row) => html`<${State} state=${row.state} />${isOpen(row) && reasonOf(row) && html`<span class="sub clip" title=${reasonOf(row)}><${Said}>${reasonOf(row)}<//></span>`}` },
  stream: { cell: (row) => html`<${Said}>${streamOf(row)}<//>` },
  own: { cell: (row) => html`<${Id} id=${row.own_id ?? "—"} />` },
  customer: { cell: (row) => html`<${Id} id=${row.customer_id} /><span class="mono"> · ${row.sequence}</span>` },
  type: { cell: (row) => W.types[row.event_type] ?? row.event_type },
  lag: { right: true, cell: (row) => html`<span class="t">${lag(row)}</span>` },
  tries: { right: true, cell: (row) => number(triesOf(row)), tone: (row) => (triesOf(row) > 1 ? "warn" : "soft") },
};

export const eventColumns = (hasStreams) => here().events.filter((key) => hasStreams || key !== "stream").map((key) => ({ key, ...COLUMNS[key] }));

export function Events() {
  const { params } = address.use();
  const filters = useFilters();
  const [chosen, setChosen] = useState(new Set());
  const isAdmin = session.get().is_admin;
  const isOldestFirst = filters.good.order === "oldest";
  const list = useListing({
    path: filters.blocked ? null : at("/events/list"),
    params: filters.api,
    rows: "events",
    id: "event_id",
    tail: !isFirst() || isOldestFirst || filters.good.to || filters.good.contains ? null : at("/events/tail"),
    isLive: !isOldestFirst,
    isHeld: chosen.size > 0 || Boolean(params.event),
  });
  const open = (row) => change({ event: row.event_id });
  const choose = (id) => setChosen((old) => {
    const next = new Set(old);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    n: list.show,
    x: () => {
      const row = isFirst() && document.activeElement.closest("[data-row]")?.dataset.row;
      return row ? choose(row) : false;
    },
    Escape: () => (params.event ? change({ event: null }) : chosen.size ? setChosen(new Set()) : false),
  });
  const total = list.of.data && typeof list.total === "number" ? W.match(list.total, list.atLeast) : "";
  return html`<div class="row"><h1 tabindex="-1">${W.screens.events}</h1><span class="right row"><${Tools} filters=${filters} list=${list} chosen=${chosen} clear=${() => setChosen(new Set())} /></span></div>
    <div class=${params.event ? "split" : ""}><section class="card">
      <${Filters} filters=${filters} side=${total} />
      ${list.truncated && html`<${Note} info>${say("cutShort")}<//>`}
      <${Head} list=${list} isLive=${!isOldestFirst} />
      <${Answer} of=${list.of} lines=${10}>${() => (list.rows.length ? html`<${Table} label=${W.screens.events} columns=${eventColumns(isAdmin)} rows=${list.rows} id=${(row) => row.event_id} open=${open} current=${params.event} ...${isFirst() && { chosen, choose }} />` : html`<${Nothing} filters=${filters} />`)}<//>
      <${Foot} list=${list} />
    </section>${params.event && html`<${EventPanel} key=${params.event} id=${params.event} close=${() => change({ event: null })} />`}</div>`;
}

/** A line of its own height always, so that nothing moves when newer events come. */
function Head({ list, isLive }) {
  const paused = isPaused.use();
  if (list.fresh.length) return html`<div class="newbar"><button class="quiet" onClick=${list.show}>${W.newer(list.fresh.length)} <kbd>n</kbd></button></div>`;
  return html`<div class="newbar calm">${isLive && (paused ? W.headIsPaused : W.headIsLive)}</div>`;
}

export const Foot = ({ list }) => html`<div class="pad row foot">${list.older ? html`<button onClick=${list.older}>${W.older}</button>` : list.rows.length > 0 && html`<span class="soft small">${W.allShown}</span>`}<span class="soft small num">${number(list.rows.length)}${typeof list.total === "number" && ` / ${number(list.total)}`}</span></div>`;

export function Nothing({ filters, title = W.noEvents }) {
  const words = Object.entries(filters.good).map(([name, value]) => `${filterName(name)} ${inWords(name, value)}`);
  const { screen, params } = address.get();
  const { from, to, ...anyTime } = params;
  return html`<${Empty} title=${title}><${Said}>${W.lookedFor(words)}<//> ${(from || to) && html`<a href=${link(screen, anyTime)}>${W.anyTime}</a> · `}${words.length > 0 && html`<a href=${link(screen)}>${W.allOfIt}</a>`}<//>`;
}

function Tools({ filters, list, chosen, clear }) {
  const [isSaving, setSaving] = useState(false);
  const unfit = NOT_OF_A_REPLAY.some((name) => name in filters.good);
  const replay = () => {
    const { order, request_id: request, reason, payload_contains: text, ...rest } = filters.api;
    const filter = chosen.size ? { consumer_id: rest.consumer_id ?? onlyStream(list.rows, chosen), event_ids: [...chosen] } : { ...rest, from: rest.from && moment(rest.from), to: moment(rest.to ?? "now") };
    openAct("replay", { filter, name: nameOf(filter.consumer_id), isWhole: !chosen.size });
  };
  return html`<${Views} /><button onClick=${() => setSaving(!isSaving)} aria-expanded=${String(isSaving)}>${W.saveView}</button>
    ${isFirst() && html`<${Csv} path=${at("/events/list")} params=${filters.api} name="events" />`}
    <${Copy} label=${W.copyLink} text=${lastingLink} /><${CopyCurl} path=${at("/events/list")} params=${filters.api} />
    ${chosen.size > 0 && html`<button class="quiet" onClick=${clear}>${W.clearSelection}</button>`}
    ${isFirst() && html`<button class="primary" disabled=${unfit && !chosen.size} title=${unfit && !chosen.size ? W.replayNeeds : undefined} onClick=${replay}>${chosen.size ? W.replaySelected(chosen.size) : W.replayThese}</button>`}
    ${isSaving && html`<${SaveView} close=${() => setSaving(false)} />`}`;
}

function onlyStream(rows, chosen) {
  const ids = new Set(rows.filter((row) => chosen.has(row.event_id)).map((row) => row.consumer_id));
  return ids.size === 1 ? [...ids][0] : undefined;
}

export function Csv({ path, params, name }) {
  const [words, setWords] = useState(null);
  const get = async () => {
    const { text, headers } = await ask(path, { params: { ...params, format: "csv" }, raw: true });
    save(`${name}-${new Date(now()).toISOString().slice(0, 19).replaceAll(":", "")}.csv`, text, "text/csv");
    setWords(headers.get("X-Next-Cursor") ? W.csvMore : null);
  };
  return html`<button onClick=${() => get().catch((error) => setWords(error.message))}>${W.csv}</button>${words && html`<span class="small" role="status">${words}</span>`}`;
}

function SaveView({ close }) {
  const [name, setName] = useState("");
  const keep = () => {
    prefer({ views: [...preferences.get().views.filter((view) => view.name !== name), { name, hash: location.hash }].slice(-20) });
    close();
  };
  return html`<div class="row"><${Field} label=${W.viewName}>${(id) => html`<input id=${id} value=${name} maxlength="64" onInput=${(event) => setName(event.target.value)} />`}<//><button disabled=${!name.trim()} onClick=${keep}>${W.saveIt}</button></div>`;
}

function Views() {
  const { views } = preferences.use();
  if (!views.length) return null;
  return html`<details class="menu"><summary class="btn">${W.savedViews}</summary><ul>${views.map(({ name, hash }) => html`<li key=${name} class="row"><a href=${hash}><${Said}>${name}<//></a><button class="quiet right" aria-label="${W.forgetIt} ${name}" onClick=${() => prefer({ views: views.filter((view) => view.name !== name) })}>×</button></li>`)}</ul></details>`;
}

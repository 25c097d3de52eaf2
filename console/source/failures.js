// What failed, by cause; dead letters; and letters that match no event.
import { address, change, link } from "./address.js";
import { ask } from "./api.js";
import { openAct, sendGroupAgain } from "./acts.js";
import { number } from "./charts.js";
import { CloseIt, Text } from "./event.js";
import { Foot, Nothing } from "./events.js";
import { Filters, useFilters } from "./filters.js";
import { useListing } from "./listing.js";
import { useLive } from "./live.js";
import { session } from "./session.js";
import { overview, streamOf } from "./overview.js";
import { at, isFirst, say } from "./systems.js";
import { Answer, CopyCurl, Fault, Id, Note, Pre, Said, State, Table, Tabs, Time } from "./ui.js";
import { html, useEffect, useMemo, useState } from "./view.js";
import * as W from "./words.js";

export function Failures() {
  const { params } = address.use();
  const { data } = overview.use();
  // The first tab that has something, as it was when the screen was opened.
  const first = useMemo(() => firstOf(data?.pipeline.failed), [!data]);
  const tab = W.tabs[params.tab] ? params.tab : params.letter ? "letters" : first;
  const filters = useFilters();
  return html`<div class="row"><h1 tabindex="-1">${W.screens.failures}</h1></div>
    ${isFirst() && html`<${Tabs} label=${W.screens.failures} tabs=${Object.entries(W.tabs)} current=${tab} open=${(name) => change({ tab: name, letter: null })} />`}
    ${tab === "causes" ? html`<${Causes} filters=${filters} />` : html`<${Letters} key=${tab} filters=${filters} isMatched=${tab === "letters"} />`}`;
}

const firstOf = ({ unmatched, ...others } = {}) => (isFirst() && unmatched > 0 && !Object.values(others).some(Boolean) ? "unmatched" : "causes");

/** What tells a group from the others. */
const groupOf = (group) => group.failure_group ?? [group.stream, group.stage, group.event_type, group.reason].join();

function Causes({ filters }) {
  const { reason, resolved, to, ...params } = filters.api;
  return html`<section class="card"><${Filters} filters=${filters} side=${html`<${CopyCurl} path=${at("/events/failures")} params=${params} />`} /><${Groups} ...${{ filters, params }} /></section>`;
}

/** What failed, by cause. */
export function Groups({ filters, params }) {
  const live = useLive(filters.blocked ? null : at("/events/failures"), params);
  const columns = [
    { key: "cause", cell: ({ sample_event_id: id, reason }) => (id ? html`<a href=${link("event", { event_id: id })}><${Said}>${reason || "—"}<//></a>` : html`<${Said}>${reason || "—"}<//>`) },
    { key: "where", cell: (group) => html`<${State} state=${group.stage} /><span class="sub">${W.types[group.event_type] ?? group.event_type}</span>` },
    session.get().is_admin && !params.stream && { key: "stream", cell: (group) => html`<${Said}>${streamOf(group)}<//>` },
    { key: "events", right: true, cell: ({ consumer_id, stream, stage: state, event_type: type, events }) => html`<a href=${link("events", { consumer_id, stream, state, type })}>${number(events)}</a>` },
    isFirst() && { key: "customers", right: true, cell: (group) => number(group.customers) },
    { key: "seen", cell: (group) => html`<${Time} at=${group.first_at} seconds=${false} /> · <${Time} at=${group.last_at} seconds=${false} />` },
    { key: "do", cell: (group) => sendGroupAgain(group) && html`<button onClick=${sendGroupAgain(group)}>${W.sendAgain}</button>` },
  ];
  return html`<${Answer} of=${live} lines=${5}>${({ groups, rest, truncated }) => (groups.length ? html`${truncated && html`<${Note} info>${say("cutShort")}<//>`}<${Table} label=${W.tabs.causes} columns=${columns} rows=${groups} id=${groupOf} />${rest && html`<p class="pad soft small">${W.rest(rest.groups, rest.events)}</p>`}` : html`<${Nothing} filters=${filters} title=${W.noFailures} />`)}<//>`;
}

function Letters({ filters, isMatched }) {
  const { params } = address.use();
  const wanted = { resolved: "false", ...filters.api, matched: isMatched };
  const list = useListing({ path: filters.blocked ? null : at("/dead-letters/list"), params: wanted, rows: "dead_letters", id: "dead_letter_id" });
  const [chosen, setChosen] = useState(new Set());
  const choose = (id) => setChosen((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));
  const isAdmin = session.get().is_admin;
  const names = new Set(list.rows.filter(({ dead_letter_id: id }) => chosen.has(id)).map((row) => row.consumer_name));
  const name = names.size === 1 ? [...names][0] : undefined;
  const { from, to, consumer_id: stream, reason } = filters.api;
  const act = (kind, ids = [...chosen], of = name) => () => openAct(kind, { letter_ids: ids, name: of });
  const all = () => openAct("requeue", { filter: { from, to, consumer_id: stream, death_reason: reason, matched: isMatched } });
  const columns = [
    { key: "at", cell: (row) => html`<a class="mono t" href=${link("failures", { ...params, letter: row.dead_letter_id })}><${Time} at=${row.created_at} /></a>` },
    { key: "reason", cell: (row) => html`<${Said}>${row.reason}<//>${row.superseded && html`<span class="sub">${W.superseded}</span>`}${row.resolved_at && html`<span class="sub"><${Said}>${W.resolvedBy(row.resolved_by, row.resolved_reason)}<//></span>`}` },
    isAdmin && { key: "stream", cell: (row) => html`<${Said}>${row.consumer_name}<//>` },
    isMatched && { key: "what", cell: (row) => row.event_id && html`<a href=${link("event", { event_id: row.event_id })}><${Id} id=${row.event_id} /></a>` },
    { key: "size", right: true, cell: (row) => W.bytes(row.size_bytes) },
  ];
  return html`<div class=${params.letter ? "split" : ""}><section class="card"><${Filters} filters=${filters} side=${typeof list.total === "number" && W.match(list.total, list.atLeast)} />
      <div class="filters">${chosen.size > 0 && html`<button onClick=${act("requeue")}>${W.requeueAll(chosen.size)}</button>${isAdmin && html`<button onClick=${act("resolve")}>${W.resolveAll(chosen.size)}</button>`}`}<span class="sp row">${list.rows.length > 0 && html`<button onClick=${all}>${W.requeueMatching}</button>`}<${CopyCurl} path=${at("/dead-letters/list")} params=${wanted} /></span></div>
      <${Answer} of=${list.of} lines=${5}>${() => (list.rows.length ? html`<${Table} label=${W.letters} columns=${columns} rows=${list.rows} id=${(row) => row.dead_letter_id} current=${params.letter} open=${(row) => change({ letter: row.dead_letter_id })} ...${{ chosen, choose }} />` : html`<${Nothing} filters=${filters} title=${W.noLetters} />`)}<//>
      <${Foot} list=${list} /></section>
    ${params.letter && html`<${Letter} key=${params.letter} id=${params.letter} row=${list.rows.find(({ dead_letter_id: id }) => id === params.letter)} act=${act} close=${() => change({ letter: null })} />`}</div>`;
}

/** A letter: what is known of it, what may be done, and its body, only when asked for. */
function Letter({ id, row, act, close }) {
  const isAdmin = session.get().is_admin;
  const [isAsked, setAsked] = useState(!isAdmin);
  const [got, setGot] = useState({});
  useEffect(() => {
    if (isAsked) ask(at("/dead-letters/data"), { params: { dead_letter_id: id } }).then(({ data }) => setGot({ data }), (error) => setGot({ error }));
  }, [isAsked]);
  const { data, error } = got;
  return html`<aside class="card panel" aria-label=${W.columns.letter}><div class="cardhead"><div><h2>${W.columns.letter}</h2><${Id} id=${id} whole /></div><${CloseIt} close=${close} /></div><div class="pad stack">
    ${row && html`<p><b><${Said}>${row.reason}<//></b> <${Time} at=${row.created_at} age /></p><p class="soft"><${Said}>${row.consumer_name}<//> · ${row.event_id ? html`<a href=${link("event", { event_id: row.event_id })}><${Id} id=${row.event_id} /></a>` : W.tabs.unmatched}</p>`}
    ${row && !row.resolved_at && html`<div class="row"><button onClick=${act("requeue", [id], row.consumer_name)}>${W.requeueIt}</button>${isAdmin && html`<button onClick=${act("resolve", [id], row.consumer_name)}>${W.resolveIt}</button>`}</div>`}
    ${!isAsked && html`<p class="small soft">${W.showAudited}</p><div><button onClick=${() => setAsked(true)}>${W.showMessage}</button></div>`}
    <${Fault} error=${error} />
    ${data && html`<p class="mono">${data.queue_name}</p>${data.body_encoding !== "utf-8" && html`<p class="small">${W.notText(data.size_bytes)}</p>`}<${Text} text=${data.body} name=${id} isCut=${data.body_truncated} whole=${data.size_bytes} /><details><summary>${W.properties}</summary><${Pre} label=${W.properties}>${JSON.stringify(data.properties, null, 1)}<//></details>`}</div></aside>`;
}

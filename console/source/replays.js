// Replays: jobs that live, with their rate and why they wait; those that ended; and a new one.
import { address, link } from "./address.js";
import { openAct } from "./acts.js";
import { number, Progress } from "./charts.js";
import { Foot } from "./events.js";
import { Filters, inWords, useFilters } from "./filters.js";
import { useListing } from "./listing.js";
import { session } from "./session.js";
import { at, filterName, filterOf } from "./systems.js";
import { clock, now, span } from "./times.js";
import { Answer, Card, CopyCurl, Empty, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import * as W from "./words.js";

const LIVES = ["queued", "running", "paused"];
const NAMES = { states: "state", event_types: "type" };

/** A job's filter in words; its times are its span. */
function filterWords({ from, to, ...filter } = {}) {
  const words = Object.entries(filter).filter(([, value]) => value !== null).map(([name, value]) => {
    const known = NAMES[name] ?? name;
    if (name === "event_ids") return W.events(value.length ?? value);
    return filterOf(known) ? `${filterName(known)} ${inWords(known, String(value))}` : `${name} ${value}`;
  });
  return words.join(", ");
}

const minute = (at) => clock(at, { seconds: false });
/** From when to when the events were committed: what the filter leaves open ends where the job was made. */
const spanWords = ({ filter: { from, to } = {}, created_at: made }) => `${from ? minute(from) : "…"} – ${minute(to ?? made)}`;

const SWEEP_MS = 90000;
/** Whether what a job put back may not be sent yet: that takes a minute at most. */
const isFresh = (job) => !job.finished_at || now() - Date.parse(job.finished_at) < SWEEP_MS;

/** What no list can be asked for: which events they were when the job was made. */
const isWider = ({ filter: { states, failure_group: group, event_ids: ids } = {} }) => Boolean(states || group || ids?.length > 1);

/** The events that a job was made of, whatever became of them since; where `isWider`, others of their time, too. */
const itsEvents = ({ consumer_id, created_at: made, filter: { from, to = made, customer_id, event_types: types, event_ids: ids } = {} }) =>
  ids?.length === 1 ? link("event", { event_id: ids[0] }) : link("events", { consumer_id, from, to, customer_id, type: types });

export function Replays() {
  const { params } = address.use();
  const filters = useFilters();
  const list = useListing({ path: at("/replay/list"), params: filters.api, rows: "jobs", id: "job_id" });
  const lives = list.rows.filter(({ status }) => LIVES.includes(status));
  const ended = list.rows.filter(({ status }) => !LIVES.includes(status));
  const isAdmin = session.get().is_admin;
  const columns = [
    { key: "what", cell: (job) => html`<a href=${itsEvents(job)} title=${isWider(job) ? W.ofItsTime : undefined}><${Said}>${W.jobTitle(job)}<//></a><span class="sub"><${Said}>${filterWords(job.filter)}<//></span>` },
    { key: "span", cell: (job) => html`<span class="t">${spanWords(job)}</span>` },
    { key: "status", cell: (job) => job.status },
    { key: "by", cell: (job) => html`<${Said}>${job.actor || W.aKey}<//>${job.reason && html`<span class="sub"><${Said}>${job.reason}<//></span>`}` },
    { key: "matched", right: true, cell: (job) => number(job.matched) },
    { key: "sent", right: true, cell: (job) => html`${number(job.sent - job.put_back)}${job.put_back > 0 && html`<span class="sub">${W.putBack(job.put_back, isFresh(job))}</span>`}` },
    { key: "leftOut", right: true, cell: (job) => number(job.left_out) },
    { key: "rate", right: true, cell: (job) => `${job.per_second} ${W.perSecond}` },
    { key: "took", right: true, cell: (job) => html`<span class="t">${job.started_at && job.finished_at ? span((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000) : "—"}</span>` },
    { key: "ended", cell: (job) => html`<${Time} at=${job.finished_at} />` },
  ];
  const fresh = () => openAct("replay", { filter: filters.api, isNew: true });
  return html`<div class="row"><h1 tabindex="-1">${W.screens.replays}</h1><span class="right row"><${CopyCurl} path=${at("/replay/list")} params=${filters.api} /><button class="primary" onClick=${fresh}>${isAdmin ? W.newReplay : W.missed}</button></span></div>
    ${isAdmin && html`<section class="card"><${Filters} filters=${filters} /></section>`}
    <${Answer} of=${list.of} lines=${5}>${() => html`${lives.map((job) => html`<${Job} key=${job.job_id} job=${job} isNew=${params.job === job.job_id} />`)}
      ${ended.length > 0 && html`<${Card} title=${W.before} pad=${false}><${Table} label=${W.before} columns=${columns} rows=${ended} id=${(job) => job.job_id} open=${(job) => (location.hash = itsEvents(job))} current=${params.job} /><${Foot} list=${{ ...list, rows: ended }} /><//>`}
      ${!list.rows.length && html`<section class="card"><${Empty} title=${W.noJobs}>${W.replayHint}<//></section>`}`}<//>`;
}

function Job({ job }) {
  const waits = job.waits_for && job.status === "running";
  const act = (kind, values) => () => openAct(kind, { job, name: job.consumer_name, values });
  const done = job.sent + job.refused + job.left_out;
  return html`<section class="card pad stack" aria-label=${W.jobTitle(job)}><div class="row"><h2><${Said}>${W.jobTitle(job)}<//></h2><span class="pill ${waits || job.status === "paused" ? "warn" : "info"}">${waits ? W.waitsFor(job.waits_for) : job.status}</span>
      <span class="right row">${job.status === "paused" ? html`<button onClick=${act("resume")}>${W.doResume}</button>` : html`<button onClick=${act("pause")}>${W.doPause}</button>`}<button onClick=${act("rate", { per_second: String(job.per_second) })}>${W.doRate}</button><button class="danger" onClick=${act("cancel")}>${W.doCancel}</button></span></div>
    <${Progress} value=${done} most=${job.matched} label=${W.progress} tone=${waits ? "warn" : ""} />
    <p class="num">${W.jobCounts(job, true)}</p>
    <p class="soft small">${W.jobRate(job.per_second_now, job.per_second)}${job.eta_seconds !== null && ` · ${W.eta(span(job.eta_seconds))}`} · ${spanWords(job)} <${Said}>${filterWords(job.filter)}<//> · <${Said}>${job.actor || W.aKey}<//>${job.reason && html`: <${Said}>${job.reason}<//>`} · <a href=${itsEvents(job)}>${isWider(job) ? W.ofItsTime : W.screens.events}</a></p></section>`;
}

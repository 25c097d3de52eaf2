// One event: who held it for how long, every step with its words, its customer's lane, its message.
import { address, link } from "./address.js";
import { ask, save } from "./api.js";
import { sendAgain } from "./acts.js";
import { Durations, number } from "./charts.js";
import { Icon, LEVELS, STATES } from "./icons.js";
import { useLive } from "./live.js";
import { streamOf } from "./overview.js";
import { messageIn } from "./message.js";
import { session } from "./session.js";
import { at, here, isFirst, say } from "./systems.js";
import { clock, lasting } from "./times.js";
import { Answer, Copy, CopyCurl, Id, Note, Pre, Said, State, Table, Time } from "./ui.js";
import { html, useState } from "./view.js";
import * as W from "./words.js";

const MOST_SHOWN = 65536;

export const reasonOf = (row) => row.reason || row.publish_failure_reason || row.deliver_failure_reason;

export function Event() {
  const { params } = address.use();
  return html`<h1 tabindex="-1">${W.screens.event}</h1><section class="card"><${Life} id=${params.event_id ?? params.event} user=${params.user_id} /></section>`;
}

export const EventPanel = ({ id, close }) => html`<aside class="card panel" aria-label=${W.screens.event}><${Life} id=${id} close=${close} /></aside>`;

function Life({ id, user, close }) {
  const wanted = String(id ?? "").trim().toLowerCase();
  const live = useLive(wanted ? at("/events/data") : null, { event_id: wanted, user_id: user, payload: false }, { every: close ? 5000 : undefined });
  if (live.error?.status === 404 || !wanted) return html`<div class="pad stack">${close && html`<${CloseIt} close=${close} />`}<p><b>${say("noEvent")}</b></p></div>`;
  return html`<${Answer} of=${live} lines=${8}>${(event) => html`
    <div class="cardhead"><div><h2>${W.types[event.event_type] ?? event.event_type ?? W.columns.letter}</h2><${Id} id=${event.event_id} whole /></div>${close && html`<${CloseIt} close=${close} />`}</div>
    <div class="pad stack">
      <${InShort} event=${event} />
      <${Acts} event=${event} />
      <div class="row"><span class="soft"><${Said}>${streamOf(event)}<//> · ${event.customer_id ? html`${W.columns.customer.split(" ")[0].toLowerCase()} <a href=${link("lane", { customer_id: event.customer_id })}><${Id} id=${event.customer_id} /></a> · ${W.number(event.sequence)}` : event.own_id && html`${say("columns", "own").toLowerCase()} <a href=${link("events", { own: event.own_id })}><${Said}>${event.own_id}<//></a>`}</span></div>
      ${event.durations && html`<${Durations} durations=${event.durations} />`}
      <div><h3>${W.whatHappened}</h3><${Timeline} event=${event} /></div>
      <${Rows} title=${W.otherStreams} rows=${event.siblings?.map((each) => [html`<a href=${link("event", { event_id: each.event_id })}><${Said}>${each.stream_name}<//></a>`, html`<${State} state=${each.state} />`])} />
      <${Rows} title=${W.known} rows=${event.facts?.map(({ name, value }) => [name, html`<span class="mono"><${Said}>${withTimes(value)}<//></span>`])} />
      <${LaneOf} event=${event} />
      <${Ids} event=${event} />
      <${Told} event=${event} />
      <${Message} event=${event} user=${user} />
    </div>`}<//>`;
}

export const CloseIt = ({ close }) => html`<button class="quiet sp" onClick=${close}>${W.close} <kbd>Esc</kbd></button>`;

/** What became of it, since when, why, and what follows: the answer before the details. */
function InShort({ event }) {
  const reason = event.state !== "processed" && reasonOf(event);
  const since = event.timeline?.findLast(({ at }) => at)?.at;
  return html`<p><${State} state=${event.state} /> ${since && html`<span class="soft">${W.since} <${Time} at=${since} age /></span>`}${reason && html`<span class="sub"><${Said}>${reason}<//></span>`}${isFirst() && W.next[event.state] && html`<b class="sub">${W.next[event.state]}</b>`}</p>`;
}

/** Names and what is said of them, beneath a heading. */
export const Rows = ({ title, rows }) => rows?.length > 0 && html`<div>${title && html`<h3>${title}</h3>`}<dl class="rows wide">${rows.map(([name, words], index) => html`<div><dt class="soft small">${name}</dt><dd class="small">${words}</dd></div>`)}</dl></div>`;

const AGAIN_STEP = ["act", "info"];
const STEPS = { committed: LEVELS.ok, accepted: LEVELS.ok, taken_in: LEVELS.ok, published: LEVELS.ok, publish_attempt: ["fail", "warn"], attempt: ["fail", "warn"], failed: LEVELS.bad, given_up: LEVELS.bad, ...STATES };

const TOLD_BY_OUTCOME = ["attempt", "delivered"];

const INSTANT = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)/g;
/** Words, their times as the others are. */
const withTimes = (words) => words.replace(INSTANT, (at) => clock(at, { ms: true }));
/** A step's words, when they say more than its name. */
const said = (title, words) => (words && !title.toLowerCase().includes(words.toLowerCase()) ? withTimes(words) : "");

function Timeline({ event }) {
  const begin = Date.parse(event.created_at);
  return html`<ol class="tl">${(event.timeline ?? []).map((step, index) => {
    const [icon, tone] = (TOLD_BY_OUTCOME.includes(step.step) && STATES[step.outcome]) || STEPS[step.step] || STEPS[step.outcome] || AGAIN_STEP;
    const title = say("stepsOf", step.step) ?? W.asWords(step.step);
    const words = said(title, step.words);
    const more = [words, !step.words?.includes(step.by) && step.by].filter(Boolean).join(" · ");
    const after = step.at && Date.parse(step.at) - begin;
    return html`<li>${index === 0 || !step.at ? html`<span class="when mono"><${Time} at=${step.at} ms /></span>` : html`<span class="when mono" title=${step.at}>+ ${lasting(after)}</span>`}<${Icon} name=${icon} tone=${tone} /><div>${title}<span class="sub"><${Said}>${more}<//></span></div></li>`;
  })}</ol>`;
}

function LaneOf({ event: { lane, sequence, event_id: id, customer_id: customer, state } }) {
  if (!lane) return null;
  return html`<div><h3>${W.laneTitle}</h3><div class="lane"><${Square} number=${sequence} state=${state} />${lane.waiting_behind > 0 && html`<span class="small soft">${W.laneHolds(lane.waiting_behind)}</span>`}<a class="small" href=${link("lane", { customer_id: customer })}>${W.openLane}</a></div>${lane.head_event_id && lane.head_event_id !== id && html`<p class="small soft">${W.behindEvent} <a href=${link("event", { event_id: lane.head_event_id })}><${Id} id=${lane.head_event_id} /></a></p>`}</div>`;
}

export const Square = ({ number: sequence, state, id, isHead }) => {
  const tone = isHead ? "head" : (STATES[state]?.[1] ?? "");
  const words = `${sequence}: ${W.states[state] ?? state}`;
  return id ? html`<a class="square ${tone}" href=${link("event", { event_id: id })} aria-label=${words} title=${words}>${sequence}</a>` : html`<span class="square ${tone}" title=${words}>${sequence}</span>`;
};

/** The request that made it, and its trace, where that leads somewhere or says more than the event's id. */
function Ids({ event: { event_id: id, request_id: request, trace_id: trace } }) {
  const traces = session.get().links?.traces;
  const isTold = trace && (traces || trace.replaceAll("-", "") !== id.replaceAll("-", ""));
  if (!request && !isTold) return null;
  return html`<p class="small soft">${request && html`${W.madeBy} <a href=${link("events", { request_id: request })}><${Id} id=${request} whole /></a>`}${request && isTold && " · "}${isTold && html`${W.trace} <${Id} id=${trace} />${traces && html` <a href=${traces.includes("{trace_id}") ? traces.replace("{trace_id}", trace) : traces + trace} target="_blank" rel="noreferrer">${W.openTrace}</a>`}`}</p>`;
}

const MORE = [
  ["receipts", [["state", (row) => W.states[row.processing_status] ?? row.processing_status], ["at", (row) => html`<${Time} at=${row.received_at} ms />`], ["reason", (row) => html`<${Said}>${row.processing_failure_reason ?? "—"}<//>`]]],
  ["dead_letters", [["at", (row) => html`<${Time} at=${row.created_at} />`], ["reason", (row) => html`<${Said}>${row.reason}<//>`]]],
  ["attempts", [["at", (row) => html`<${Time} at=${row.at} ms />`], ["by", (row) => row.by], ["answer", (row) => row.outcome], ["reason", (row) => html`<${Said}>${row.words ?? "—"}<//>`]]],
];

/** What the bank and the broker said, beneath. */
const Told = ({ event }) => MORE.filter(([name]) => event[name]?.length).map(([name, columns]) => {
  const title = { receipts: W.receipts, dead_letters: W.letters, attempts: W.attempts }[name];
  return html`<details key=${name}><summary>${title} · ${number(event[name].length)}</summary><${Table} label=${title} columns=${columns.map(([key, cell]) => ({ key, cell }))} rows=${event[name]} id=${(row) => row.dead_letter_id ?? row.attempt_id ?? `${row.at ?? row.updated_at}${row.processing_status ?? ""}`} /></details>`;
});

/** The message, only when asked for. It stays in this component and nowhere else. */
function Message({ event, user }) {
  const [text, setText] = useState(null);
  const [fault, setFault] = useState(null);
  const request = { params: { event_id: event.event_id, user_id: user, payload: true } };
  const show = () => ask(at("/events/data"), request).then((got) => setText(messageIn(got.text)), (error) => setFault(error.message));
  const isAudited = session.get().is_admin && here().hasAudit;
  return html`<div><h3>${say("message")}</h3>${text === null
    ? html`<div class="row"><button onClick=${show}>${say("showMessage")}</button>${isAudited && html`<span class="small soft">${W.showAudited}</span>`}</div>${fault && html`<${Note} role="alert"><bdi>${fault}</bdi><//>`}`
    : html`${isAudited && html`<p class="small soft">${W.shownAudited}</p>`}<${Text} text=${text} name=${event.event_id} />`}</div>`;
}

/** Text of somebody else: as it is, cut at 64 KiB, whole as a download. */
export function Text({ text, name, isCut = text.length > MOST_SHOWN, whole = text.length }) {
  return html`<${Pre} label=${W.message}>${isCut ? text.slice(0, MOST_SHOWN) : text}<//>${isCut && html`<p class="small soft">${W.cut(number(MOST_SHOWN), number(whole))}</p>`}<button onClick=${() => save(`${name}.txt`, text, "text/plain")}>${W.download}</button>`;
}

export function Acts({ event }) {
  const again = sendAgain(event);
  return html`<div class="row">${again && html`<button onClick=${again}>${W.sendAgain}</button>`}
    <${Copy} label=${W.copyId} text=${event.event_id} /><${Copy} label=${W.copyLink} text=${() => location.href.split("#")[0] + link("event", { event_id: event.event_id })} /><${CopyCurl} path=${at("/events/data")} params=${{ event_id: event.event_id }} /></div>`;
}

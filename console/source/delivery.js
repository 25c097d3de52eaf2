// How a bank gets its events, and how its server does; what an act on it has answered.
import { Ending, Secret } from "./act_dialog.js";
import { openAct } from "./acts.js";
import { number } from "./charts.js";
import { Rows } from "./event.js";
import { absolute, lasting, since } from "./times.js";
import { Facts, Level, Note, Said, Time } from "./ui.js";
import { html } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

/** How a bank gets its events, as its integration says it. */
export const wayOf = ({ delivery, webhook }) => ({ delivery, ...webhook });
export const isCalled = (way) => way.delivery === "webhook";

/** What the page says of a bank whose server is in this state. */
export const serverWords = ({ state }) => W.serverStates[state] ?? ["none", state ?? W.unknown];

const wayRows = (way, format) => {
  const [level, words] = serverWords(way);
  return [
    [B.url, html`<span class="mono"><${Said}>${way.url}<//></span>`],
    [W.laneState, html`<${Level} level=${level}><${Said}>${words}${way.reason && `: ${way.reason}`}<//><//>`],
    way.state !== "open" && [W.laneSince, html`<${Time} at=${way.since} age />`],
    way.next_try_at && [W.laneNext, html`<${Time} at=${way.next_try_at} />`],
    [B.lastDelivered, html`<${Time} at=${way.last_delivered_at} age />`],
    [B.bounds, B.boundsAre(way.max_in_flight, way.timeout_seconds)],
    format && [B.format, format.toUpperCase()],
    [B.secretMade, html`<${Time} at=${way.secret_made_at} />${way.former_secret_until && html`<span class="sub">${B.formerUntil} <${Time} at=${way.former_secret_until} /></span>`}`],
  ].filter(Boolean);
};

/** Figures of a bank that is called, in place of those of its queue. */
export const serverFacts = (way, facts, stream) => [
  [number(stream?.pending), W.unit(stream?.pending, W.messages)],
  [number(way.in_flight_count), B.inFlight],
  [lasting(stream?.lag_p95_ms), W.lagNow],
  [since(facts.last_processed_at), W.lastProcessedAgo],
];

export const Way = ({ way, format }) => (isCalled(way) ? html`<${Rows} rows=${wayRows(way, format)} />` : html`<p class="soft small">${B.wayOf.queue}${format && `, ${format.toUpperCase()}`}.</p>`);

/** The acts on a bank's delivery, each with what holds now already filled in. */
export function WayActs({ id, name, way, format }) {
  const text = (value, usual) => String(value ?? usual);
  const now = { delivery: way.delivery, url: way.url ?? "", max_in_flight: text(way.max_in_flight, 10), timeout_seconds: text(way.timeout_seconds, 10) };
  const act = (kind, more) => () => openAct(kind, { consumer_id: id, name, ...more });
  return html`<div class="row"><button onClick=${act("delivery", { values: now, done: Chosen })}>${B.chooseWay}</button>
    ${isCalled(way) && html`<button onClick=${act("tryDelivery", { done: Tried })}>${B.sendTest}</button><button onClick=${act("rotateSecret", { done: Chosen })}>${B.rotateSecret}</button>`}
    <button onClick=${act("format", { values: { message_format: format } })}>${B.chooseFormat}</button></div>`;
}

function Chosen({ data }) {
  const { delivery, secret, former_secret_until: former, rewind_job_id: rewind } = data;
  return html`<div role="status" class="stack"><p><b>${B.chosenWay[delivery] ?? W.actDone}</b></p>
    ${secret && html`<p>${B.secretShown}</p><${Secret} label=${B.secret} text=${secret} /><p class="soft small">${W.actKeyGone}</p>`}
    ${former && html`<p class="soft small">${B.formerSigns} ${absolute(former)}.</p>`}
    ${rewind && html`<${Note} info>${B.rewinds}<//>`}<${Ending} /></div>`;
}

function Tried({ data: { outcome, message, http_status: status, duration_ms: ms } }) {
  const level = { delivered: "ok", waiting: "none", postponed: "warn", overload: "warn" }[outcome] ?? "bad";
  return html`<div role="status" class="stack"><p><${Level} level=${level}><b>${B.outcomes[outcome] ?? outcome}</b><//></p>
    ${message && outcome !== "waiting" && html`<p>${B.answered}: <${Said}>${message}<//></p>`}
    ${status !== null && html`<${Facts} facts=${[[status, B.httpStatus], [lasting(ms), B.took]]} />`}<${Ending} /></div>`;
}

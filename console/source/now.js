// Now: whether anything is lost or stuck, since when, whose side it is, and whether it heals.
import { address, href, link, lasting as lastingLink } from "./address.js";
import { openAct } from "./acts.js";
import { Chart, number, Spark } from "./charts.js";
import { Icon, LEVELS } from "./icons.js";
import { useLive } from "./live.js";
import { overview } from "./overview.js";
import { session } from "./session.js";
import { at, system } from "./systems.js";
import { absolute, clock, lasting, since, span } from "./times.js";
import { Answer, Card, Copy, CopyCurl, Empty, Level, Paper, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import { W } from "./words.js";

export const LINES = [
  { key: "committed", name: W.steps.committed, tone: "ink" },
  { key: "processed", name: W.steps.processed, tone: "ours" },
  { key: "failed", name: W.columns.failed.toLowerCase(), tone: "bad" },
];

export function Now() {
  const { params } = address.use();
  const own = useLive(params.consumer_id ? at("/overview") : null, { consumer_id: params.consumer_id });
  const shared = overview.use();
  const live = params.consumer_id ? own : shared;
  return html`<${Answer} of=${live} lines=${12}>${(data) => html`
    <div class="row"><div><h1 tabindex="-1"><${Said}>${data.verdict.sentence}<//></h1><p class="soft small">${ledgerWords(data)}${W.asOf(clock(data.as_of))}</p></div>
      <span class="right row"><${Copy} label=${W.summary} text=${() => summary(data)} /><${CopyCurl} path=${at("/overview")} params=${params} /></span></div>
    <${Attention} data=${data} />
    <${Pipeline} ...${data} />
    <div class="two lead"><${Card} title=${W.lastHour}><${Chart} points=${data.last_hour} lines=${LINES} sentence=${W.hourSentence(data.last_hour)} /><//>
      <${System} system=${data.system} /></div>
    ${session.get().is_admin && html`<${Card} title=${W.streams[system().name] ?? W.streams.banking} soft=${W.worstFirst} pad=${false}><${Streams} streams=${data.streams} /><//>`}`}<//>`;
}

const ledgerWords = ({ system: { reconciliation } }) => {
  if (!reconciliation) return "";
  const { balanced, taken_at: taken, discrepancies } = reconciliation;
  return `${W.ledgerRow}: ${balanced ? W.balancedAt(clock(taken, { seconds: false })) : W.offAt(counted(discrepancies), clock(taken, { seconds: false }))} · `;
};
const counted = (discrepancies) => (typeof discrepancies === "object" && discrepancies ? Object.values(discrepancies).reduce((sum, each) => sum + each, 0) : discrepancies);

function Attention({ data: { attention, streams } }) {
  if (!attention.length) {
    return html`<${Card} label=${W.needsYou}><div class="row"><${Icon} name="done" tone="ok" /><div><b>${W.nothingNeeds}</b><div class="small soft">${streams.length ? W.nothingNeedsMore : W.firstBank}</div></div></div><//>`;
  }
  return html`<${Card} label=${W.needsYou} pad=${false}><ul class="attn">${attention.map((each) => html`<${Problem} key=${`${each.condition}${each.consumer_id}`} problem=${each} />`)}</ul><//>`;
}

function facts(problem) {
  const healing = problem.heals ? W.healsItself : W.healsNot;
  return [
    problem.since && W.sinceAt(clock(problem.since, { seconds: false }), since(problem.since)),
    W.sides[problem.side],
    problem.healing || healing,
    problem.caught_up_in_seconds !== null && problem.caught_up_in_seconds !== undefined && W.caughtUp(span(problem.caught_up_in_seconds)),
  ].filter(Boolean);
}

/** Condition → the states of the events that its act sends again. The acts of others are their view. */
const SENDS = { publishing_given_up: "publish_failed", dead_letters: "delivery_failed,dead_lettered" };

function Problem({ problem }) {
  const [icon, tone] = LEVELS[problem.level] ?? LEVELS.info;
  const states = problem.consumer_id && SENDS[problem.condition];
  const replay = () => openAct("replay", { filter: { consumer_id: problem.consumer_id, states }, name: problem.consumer_name });
  return html`<li><${Icon} name=${icon} tone=${tone} /><div><strong><${Said}>${problem.title}<//></strong> <${Said}>${problem.sentence}<//>
      <div class="small soft">${facts(problem).join(" · ")}${problem.runbook && html` · <${Paper} path=${problem.runbook}>${W.whatToDo}<//>`}</div></div>
    <div class="row">${states && html`<button class="primary" onClick=${replay}>${problem.act}</button>`}<a class="btn" href=${href(problem.view)} aria-label="${(!states && problem.act) || W.open}: ${problem.title}">${(!states && problem.act) || W.open}</a></div></li>`;
}

const rate = ({ last_minute: minute } = {}) => (minute === null || minute === undefined ? W.unknown : `${+(minute / 60).toFixed(1)} ${W.perSecond}`);

export function Pipeline({ pipeline, streams, last_hour: minutes }) {
  const reading = streams.filter(({ readers, status }) => readers !== null && status !== "deactivated");
  const deaf = reading.filter(({ readers }) => readers === 0).length;
  const { failed } = pipeline;
  const fallen = (failed.delivery_failed ?? 0) + (failed.dead_letters ?? 0);
  const outbox = [pipeline.held_back.count && W.behind(number(pipeline.held_back.count)), failed.publish_failed && W.givenUp(number(failed.publish_failed))].filter(Boolean).join(" · ");
  const hot = (streamsOf) => streams.some(streamsOf);
  const places = [
    ["committed"],
    ["outbox", W.outbox, W.owners.ours, "ours", outbox, hot(({ side, level }) => side === "ours" && level !== "ok")],
    ["published"],
    ["queue", W.queues, W.owners.queue, "queue", deaf ? W.noReaders(deaf, reading.length) : "", deaf > 0],
    ["received"],
    ["bank", W.atBank, W.owners.bank, "bank", fallen ? W.failedInAll(number(fallen)) : "", false],
    ["processed"],
  ];
  return html`<${Card} title=${W.pipeline} soft=${streams.length > 1 ? W.allStreams : ""} pad=${false}><ol class="pipe">${places.map(([key, title, owner, tone, more, isHot]) =>
    title
      ? html`<li key=${key} class="wait ${tone} ${isHot ? "hot" : ""}"><span class="owner">${owner}</span><div class="small soft">${title}</div><b>${number(pipeline[key].count)}</b> <span class="small">${pipeline[key].count > 0 && pipeline[key].oldest_seconds !== null ? W.oldest(span(pipeline[key].oldest_seconds)) : ""}</span><div class="small soft">${more || "\u00a0"}</div></li>`
      : html`<li key=${key} class="mile"><b>${rate(pipeline[key] ?? { last_minute: minutes.at(-2)?.[key] })}</b><span>${W.steps[key]}</span></li>`)}</ol><//>`;
}

function System({ system: { servers, breaker, schedules, reconciliation } }) {
  const late = schedules.filter(({ status, error }) => error || (status !== "ok" && status !== "on_time" && status !== "up"));
  const links = session.get().links ?? {};
  const rows = [
    ...servers.map(({ name, status, latency_ms: ms }) => [status === "up" || status === "ok" ? "ok" : "bad", W.servers[name] ?? name, [status === "up" || status === "ok" ? lasting(ms) : status, name === "broker" && breaker && W.breaker(breaker)].filter(Boolean).join(" · ")]),
    [late.length ? "bad" : "ok", W.schedules, schedules.map(({ name, last_success_at: last }) => (last ? W.scheduleAgo(name, since(last)) : W.neverRan(name))).join(" · ")],
    [reconciliation ? (reconciliation.balanced ? "ok" : "bad") : "none", W.ledgerRow, reconciliation ? ledgerWords({ system: { reconciliation } }).replace(/^[^:]+: | · $/g, "") : W.notCounted],
  ];
  const outside = ["prometheus", "grafana"].filter((name) => links[name]);
  return html`<${Card} title=${W.system}><dl class="rows">${rows.map(([level, name, words]) => html`<div key=${name}><dt><${Level} level=${level}>${name}<//></dt><dd class="soft small">${words}</dd></div>`)}
    ${outside.length > 0 && html`<div><dt><${Level} level="info">${W.alerts}<//></dt><dd class="small">${outside.map((name) => html`<a key=${name} href=${links[name]} target="_blank" rel="noreferrer">${name[0].toUpperCase() + name.slice(1)}</a> `)}</dd></div>`}</dl><//>`;
}

const failures = (stream) => (stream.publish_failed ?? 0) + (stream.delivery_failed ?? 0) + (stream.dead_letters ?? 0);

const STREAM_COLUMNS = [
  { key: "stream", cell: ({ name, consumer_id: id }) => html`<a href=${link("banks", { consumer_id: id })}><${Said}>${name}<//></a>` },
  { key: "state", cell: ({ level, sentence, status }) => html`<${Level} level=${status === "active" ? level : "none"}><${Said}>${sentence}<//><//>` },
  { key: "outbox", right: true, cell: ({ pending, held_back: held }) => html`${number(pending)}${held > 0 && html`<span class="sub">${W.behind(number(held))}</span>`}` },
  { key: "queue", right: true, cell: ({ queue_depth: depth, in_queue: waiting }) => number(depth ?? waiting) },
  { key: "lagP95", right: true, cell: ({ lag_p95_ms: ms }) => lasting(ms) },
  { key: "failed", right: true, cell: (stream) => number(failures(stream)), tone: (stream) => (failures(stream) ? "bad" : "soft") },
  { key: "reads", cell: ({ readers }) => W.readers(readers), tone: ({ readers, status }) => (readers === 0 && status !== "deactivated" ? "bad" : "soft") },
  { key: "spark", cell: ({ spark, level }) => html`<${Spark} values=${spark} tone=${level} label=${W.sparkLabel(spark)} />` },
];

export const Streams = ({ streams }) =>
  streams.length
    ? html`<${Table} label=${W.streams[system().name] ?? W.streams.banking} columns=${STREAM_COLUMNS} rows=${streams} id=${({ stream }) => stream} open=${({ consumer_id: id }) => (location.hash = link("banks", { consumer_id: id }))} />`
    : html`<${Empty} title=${W.noBanks}>${W.firstBank}<//>`;

/** Markdown for a chat: absolute times, links, no names of a bank's clients. */
function summary({ verdict, attention, pipeline, as_of: asOf }) {
  const page = location.href.split("#")[0];
  const problems = attention.map((each) => `- **${each.title}** ${each.sentence} (${[each.since && `since ${absolute(each.since)}`, ...facts(each).slice(each.since ? 1 : 0)].filter(Boolean).join("; ")}) ${page}${href(each.view)}`);
  const waits = `${W.outbox} ${number(pipeline.outbox.count)}, ${W.queues.toLowerCase()} ${number(pipeline.queue.count)}, ${W.atBank.toLowerCase()} ${number(pipeline.bank.count)}`;
  return [W.summaryTitle(session.get().stage), "", `${verdict.sentence} ${W.asOf(absolute(asOf))}`, "", ...problems, "", `${waits}.`, lastingLink()].join("\n");
}

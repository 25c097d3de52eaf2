// Now: whether anything is lost or stuck, since when, whose side it is, and whether it heals.
import { address, href, link, lasting as lastingLink } from "./address.js";
import { openAct } from "./acts.js";
import { Chart, number, Spark } from "./charts.js";
import { Icon, LEVELS } from "./icons.js";
import { useLive } from "./live.js";
import { keyOf, overview } from "./overview.js";
import { session } from "./session.js";
import { at, here, isFirst, say } from "./systems.js";
import { absolute, clock, lasting, since, span } from "./times.js";
import { Answer, Card, Copy, CopyCurl, Empty, Level, Paper, Said, Table } from "./ui.js";
import { html } from "./view.js";
import * as W from "./words.js";

const TONES = { committed: "ink", processed: "ours", failed: "bad" };
export const linesHere = () => Object.entries(TONES).map(([key, tone]) => ({ key, name: say("steps", key) ?? key, tone }));

export const Hour = ({ points }) => html`<${Card} title=${W.lastHour}><${Chart} points=${points} lines=${linesHere()} sentence=${W.hourSentence(points, linesHere())} /><//>`;

export function Now() {
  const { params } = address.use();
  const [, name] = here().home;
  const own = useLive(params[name] ? at("/overview") : null, { [name]: params[name] });
  const shared = overview.use();
  const live = params[name] ? own : shared;
  return html`<${Answer} of=${live} lines=${12}>${(data) => html`
    <div class="row"><div><h1 tabindex="-1"><${Said}>${data.verdict.sentence}<//></h1><p class="soft small">${ledgerWords(data)}${W.asOf(clock(data.as_of))}${trend(data)}</p></div>
      <span class="right row"><${Copy} label=${W.summary} text=${() => summary(data)} /><${CopyCurl} path=${at("/overview")} params=${params} /></span></div>
    <${Attention} data=${data} />
    <${Pipeline} ...${data} />
    <div class="two lead"><${Hour} points=${data.last_hour} />
      <${System} system=${data.system} /></div>
    ${session.get().is_admin && html`<${Card} title=${say("screens", here().home[0])} soft=${W.worstFirst} pad=${false}><${StreamTable} streams=${data.streams} /><//>`}`}<//>`;
}

const MINUTES = 10;
/**
 * Better or worse than ten minutes ago: whether more came in since than went out. Nothing where not all is counted, or
 * where an event ends more than once.
 */
function trend({ last_hour: points, pipeline }) {
  const counted = points.slice(-MINUTES - 1, -1);
  const sum = (...keys) => counted.reduce((all, point) => keys.reduce((part, key) => part + point[key], all), 0);
  const [came, went] = [sum("committed"), sum("processed", "failed")];
  if (!isFirst() || counted.length < MINUTES || counted.some((point) => Object.keys(TONES).some((key) => typeof point[key] !== "number"))) return "";
  return ` · ${W.trend(came, went, ["outbox", "queue", "bank"].some((place) => pipeline[place].count))}`;
}

const ledgerWords = ({ system: { reconciliation } }) => {
  if (!reconciliation) return "";
  const { balanced, taken_at: taken, discrepancies } = reconciliation;
  return `${W.ledgerRow}: ${balanced ? W.balancedAt(clock(taken, { seconds: false })) : W.offAt(counted(discrepancies), clock(taken, { seconds: false }))} · `;
};
const counted = (discrepancies) => (typeof discrepancies === "object" && discrepancies ? Object.values(discrepancies).reduce((sum, each) => sum + each, 0) : discrepancies);

function Attention({ data: { attention, streams } }) {
  if (!attention.length) {
    return html`<${Card} label=${W.needsYou}><div class="row"><${Icon} name="done" tone="ok" /><div><b>${W.nothingNeeds}</b><div class="small soft">${streams.length ? W.nothingNeedsMore : say("firstStream")}</div></div></div><//>`;
  }
  return html`<${Card} label=${W.needsYou} pad=${false}><ul class="attn">${attention.map((each) => html`<${Problem} key=${`${each.condition}${keyOf(each)}`} problem=${each} />`)}</ul><//>`;
}

function facts(problem) {
  const healing = problem.heals ? W.healsItself : W.healsNot;
  return [
    problem.since && W.sinceAt(clock(problem.since, { seconds: false }), since(problem.since)),
    say("sides", problem.side),
    problem.healing || healing,
    problem.caught_up_in_seconds !== null && problem.caught_up_in_seconds !== undefined && W.caughtUp(span(problem.caught_up_in_seconds)),
  ].filter(Boolean);
}

/** Condition → the states of the events that its act sends again. The acts of others are their view. */
const SENDS = { publishing_given_up: "publish_failed", dead_letters: "delivery_failed,dead_lettered" };

function Problem({ problem }) {
  const [icon, tone] = LEVELS[problem.level] ?? LEVELS.info;
  const states = problem.consumer_id && SENDS[problem.condition];
  const hasPlace = problem.view && !/^#?\/?now\b/.test(problem.view);
  const act = (!states && problem.act) || W.open;
  const replay = () => openAct("replay", { filter: { consumer_id: problem.consumer_id, states }, name: problem.consumer_name, again: true });
  return html`<li><${Icon} name=${icon} tone=${tone} /><div><strong><${Said}>${problem.title}<//></strong> <${Said}>${problem.sentence}<//>
      <div class="small soft row"><span>${facts(problem).join(" · ")}</span>${problem.runbook && html`<span class="right"><${Paper} path=${problem.runbook}>${W.whatToDo}<//></span>`}</div></div>
    <div class="row">${states && html`<button class="primary" onClick=${replay}>${problem.act}…</button>`}${hasPlace && html`<a class="btn" href=${href(problem.view)} aria-label="${act}: ${problem.title}">${act}</a>`}</div></li>`;
}

const rate = ({ last_minute: minute } = {}) => (minute === null || minute === undefined ? W.unknown : `${+(minute / 60).toFixed(1)} ${W.perSecond}`);

export function Pipeline({ pipeline, streams, last_hour: minutes }) {
  const reading = streams.filter(({ readers, status }) => typeof readers === "number" && status !== "deactivated");
  const deaf = reading.filter(({ readers }) => readers === 0).length;
  const { failed } = pipeline;
  const fallen = (failed.delivery_failed ?? 0) + (failed.dead_letters ?? 0);
  const behind = here().isOrdered && pipeline.held_back.count;
  const hot = (side) => streams.some((stream) => stream.side === side && ["warn", "bad"].includes(stream.level));
  const places = here().places;
  const waits = Object.keys(places).filter((key) => places[key]);
  const more = {
    outbox: [behind && W.behind(number(behind)), failed.publish_failed && W.givenUp(number(failed.publish_failed))],
    queue: [deaf && W.noReaders(deaf, reading.length)],
    [waits.at(-1)]: [fallen && W.failedInAll(number(fallen))],
  };
  const wait = (key) => html`<li class="wait ${key} ${(hot(places[key]) && (here().isOrdered || pipeline[key].count)) || (key === "queue" && deaf) ? "hot" : ""}"><span class="owner">${say("owners", key)}</span><div class="small soft">${say("places", key)}</div><b>${number(pipeline[key].count)}</b> <span class="small">${pipeline[key].count > 0 && pipeline[key].oldest_seconds !== null ? W.oldest(span(pipeline[key].oldest_seconds)) : ""}</span><div class="small soft">${more[key]?.filter(Boolean).join(" · ") || "\u00a0"}</div></li>`;
  const mile = (key) => html`<li class="mile"><b>${rate(pipeline[key] ?? { last_minute: minutes.at(-2)?.[key] })}</b><span>${say("steps", key) ?? key}</span></li>`;
  return html`<${Card} title=${W.pipeline} soft=${streams.length > 1 ? say("allStreams") : ""} pad=${false}><ol class="pipe">${Object.keys(places).map((key) => (places[key] ? wait : mile)(key))}</ol><//>`;
}

function System({ system: { servers, breaker, schedules, reconciliation } }) {
  const late = schedules.filter(({ status, error }) => error || (status !== "ok" && status !== "on_time" && status !== "up"));
  const links = session.get().links ?? {};
  const rows = [
    ...servers.map(({ name, status, latency_ms: ms }) => [status === "up" || status === "ok" ? "ok" : "bad", W.asWords(name), [status === "up" || status === "ok" ? lasting(ms) : status, name === "broker" && breaker && W.breaker(breaker)].filter(Boolean).join(" · ")]),
    [late.length ? "bad" : "ok", W.schedules, schedules.map(({ name, last_success_at: last }) => (last ? W.scheduleAgo(name, since(last)) : W.neverRan(name))).join(" · ")],
    here().hasLedger && [reconciliation ? (reconciliation.balanced ? "ok" : "bad") : "none", W.ledgerRow, reconciliation ? ledgerWords({ system: { reconciliation } }).replace(/^[^:]+: | · $/g, "") : W.notCounted],
  ];
  const outside = ["prometheus", "grafana"].filter((name) => links[name]);
  return html`<${Card} title=${W.system}><dl class="rows">${rows.filter(Boolean).map(([level, name, words]) => html`<div><dt><${Level} level=${level}>${name}<//></dt><dd class="soft small">${words}</dd></div>`)}
    ${outside.length > 0 && html`<div><dt><${Level} level="info">${W.alerts}<//></dt><dd class="small">${outside.map((name) => html`<a href=${links[name]} target="_blank" rel="noreferrer">${name[0].toUpperCase() + name.slice(1)}</a> `)}</dd></div>`}</dl><//>`;
}

export const failures = (stream) => (stream.publish_failed ?? 0) + (stream.delivery_failed ?? 0) + (stream.dead_letters ?? 0);

/** The view of one stream. */
const toStream = (stream) => {
  const [screen, name] = here().home;
  return link(screen, { [name]: keyOf(stream) });
};

/** Who takes a stream's events, and how that does: tone and words. */
function reading({ readers, status, webhook_state: server }) {
  const isOff = status === "deactivated";
  const [level, words] = (!isOff && W.serverStates[server]) || ["ok"];
  if (server) return [level === "ok" ? "soft" : level, html`${W.isCalled}${level !== "ok" && html`<span class="sub">${words}</span>`}`];
  return [readers === 0 && !isOff ? "bad" : "soft", W.readers(readers)];
}

const COLUMNS = {
  stream: { cell: (stream) => html`<a href=${toStream(stream)}><${Said}>${stream.name}<//></a>` },
  state: { cell: ({ level, sentence, status }) => html`<div class="why"><${Level} level=${status === "active" ? level : "none"}><${Said}>${sentence}<//><//></div>` },
  outbox: { right: true, cell: ({ pending, held_back: held }) => html`${number(pending)}${held > 0 && html`<span class="sub">${say("behind")(number(held))}</span>`}` },
  queue: { right: true, cell: ({ queue_depth: depth, in_queue: waiting }) => number(depth ?? waiting) },
  lagP95: { right: true, cell: ({ lag_p95_ms: ms }) => lasting(ms) },
  failed: { right: true, cell: (stream) => number(failures(stream)), tone: (stream) => (failures(stream) ? "bad" : "soft") },
  reads: { cell: (stream) => reading(stream)[1], tone: (stream) => reading(stream)[0] },
  spark: { cell: ({ spark, level }) => html`<${Spark} values=${spark} tone=${level} label=${W.nowAt(say("columns", "spark"), spark)} />` },
};

export const StreamTable = ({ streams }) =>
  streams.length
    ? html`<${Table} label=${say("screens", here().home[0])} columns=${here().streams.map((key) => ({ key, ...COLUMNS[key] }))} rows=${streams} id=${({ stream }) => stream} open=${(stream) => (location.hash = toStream(stream))} />`
    : html`<${Empty} title=${say("noStreams")}>${say("firstStream")}<//>`;

/** Markdown for a chat: absolute times, links, no names of a bank's clients. */
function summary({ verdict, attention, pipeline, as_of: asOf }) {
  const page = location.href.split("#")[0];
  const problems = attention.map((each) => `- **${each.title}** ${each.sentence} (${[each.since && `since ${absolute(each.since)}`, ...facts(each).slice(each.since ? 1 : 0)].filter(Boolean).join("; ")}) ${page}${href(each.view)}`);
  const places = Object.entries(here().places).filter(([, isWait]) => isWait).map(([key], index) => `${index ? say("places", key).toLowerCase() : say("places", key)} ${number(pipeline[key].count)}`);
  return [W.summaryTitle(session.get().stage), "", `${verdict.sentence} ${W.asOf(absolute(asOf))}`, "", ...problems, "", `${places.join(", ")}.`, lastingLink()].join("\n");
}

// The streams of a further system, worst first, and one of them: what waits, its last hour, its failures, its acts.
import { address, link } from "./address.js";
import { openAct } from "./acts.js";
import { number } from "./charts.js";
import { Rows } from "./event.js";
import { Groups } from "./failures.js";
import { useLive } from "./live.js";
import { failures, Hour, Pipeline, StreamTable } from "./now.js";
import { overview } from "./overview.js";
import { at, here, say } from "./systems.js";
import { lasting } from "./times.js";
import { Answer, Card, CopyCurl, Facts, Said, Time } from "./ui.js";
import { html } from "./view.js";
import * as W from "./words.js";

export function Streams() {
  const { params } = address.use();
  const live = overview.use();
  if (params.stream) return html`<${Stream} key=${params.stream} id=${params.stream} />`;
  return html`<div class="row"><h1 tabindex="-1">${say("screens", "streams")}</h1><span class="right row"><${CopyCurl} path=${at("/overview")} /></span></div>
    <${Answer} of=${live} lines=${8}>${({ streams }) => html`<section class="card"><${StreamTable} streams=${streams} /></section>`}<//>`;
}

const FACTS = {
  outbox: ({ pending }) => number(pending),
  behind: ({ held_back: held }) => number(held),
  queue: ({ in_queue: waiting }) => number(waiting),
  failed: (stream) => number(failures(stream)),
  lagP95: ({ lag_p95_ms: ms }) => lasting(ms),
};

/** What a destination's lane says of itself, in words. */
const laneRows = ({ state, reason, since, next_try_at: next }) => [
  [W.laneState, html`${W.laneStates[state] ?? state}${reason && html`: <${Said}>${reason}<//>`}`],
  [W.laneSince, html`<${Time} at=${since} age />`],
  next && [W.laneNext, html`<${Time} at=${next} />`],
].filter(Boolean);

function Stream({ id }) {
  const params = { stream: id };
  const live = useLive(at("/overview"), params);
  return html`<${Answer} of=${live} lines=${10}>${(data) => {
    const [stream] = data.streams;
    return html`<div class="row"><h1 tabindex="-1"><${Said}>${stream.name}<//></h1><span class="pill ${stream.level}"><${Said}>${stream.sentence}<//></span>
        <span class="right row"><a class="btn" href=${link("events", params)}>${W.screens.events}</a>${here().acts(stream).map(([kind, subject]) => html`<button key=${kind} onClick=${() => openAct(kind, { name: stream.name, ...subject })}>${W.acts[kind][0]}…</button>`)}<${CopyCurl} path=${at("/overview")} params=${params} /></span></div>
      <div class="two"><${Card} title=${say("itsEvents")}><${Facts} facts=${here().facts.map((key) => [FACTS[key](stream), say("factsOfStream", key), key === "failed" && failures(stream) ? "bad" : ""])} />${stream.state && html`<${Rows} title=${W.laneOfStream} rows=${laneRows(stream)} />`}<//>
        <${Hour} points=${data.last_hour} /></div>
      <${Pipeline} ...${data} />
      <${Card} title=${W.screens.failures} pad=${false} side=${html`<a href=${link("failures", params)}>${W.open}</a>`}><${Groups} filters=${{ good: {} }} params=${params} /><//>`;
  }}<//>`;
}

// Banks, worst first, and one of them: its delivery, key, last day, leaving, exports and erasures; onboard, keys, activate.
import { address, link } from "./address.js";
import { openAct } from "./acts.js";
import { Chart, number } from "./charts.js";
import { isCalled, serverFacts, Way, WayActs, wayOf } from "./delivery.js";
import { Erasures } from "./erasures.js";
import { Exports, isLeaving, Leaving } from "./leaving.js";
import { useLive } from "./live.js";
import { linesHere, Pipeline, StreamTable } from "./now.js";
import { onboard, Unfinished } from "./onboarding.js";
import { overview } from "./overview.js";
import { at } from "./systems.js";
import { absolute, lasting, since, span, now } from "./times.js";
import { Answer, Card, CopyCurl, Facts, Note, Said } from "./ui.js";
import { html } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

export function Banks() {
  const { params } = address.use();
  const live = overview.use();
  if (params.consumer_id) return html`<${Bank} key=${params.consumer_id} id=${params.consumer_id} />`;
  return html`<div class="row"><h1 tabindex="-1">${W.screens.banks}</h1><span class="right row"><${CopyCurl} path=${at("/consumer/list")} /><button class="primary" onClick=${() => onboard({})}>${W.onboard}</button></span></div>
    <${Answer} of=${live} lines=${8}>${({ streams }) => html`<section class="card"><${StreamTable} streams=${streams} /></section>`}<//><${Unfinished} />`;
}

const HOURS = { from: "-24h", step: 3600 };

function Bank({ id }) {
  const live = useLive(at("/overview"), { consumer_id: id });
  const facts = useLive(at("/consumer/integration"), { consumer_id: id }, { every: 10000 });
  const series = useLive(at("/overview/series"), { consumer_id: id, to: "now", ...HOURS }, { every: 60000 });
  const own = facts.data;
  const stream = live.data?.streams.find(({ consumer_id: each }) => each === id);
  const name = own?.consumer_name ?? stream?.name;
  const act = (kind, more) => () => openAct(kind, { consumer_id: id, name, ...more });
  const isActive = (own?.status ?? stream?.status) !== "deactivated";
  // Only who is deactivated can be leaving.
  const leaving = { ...useLive(isActive ? null : at("/consumer/offboard"), { consumer_id: id }, { every: 10000 }), isAsked: !isActive };
  return html`<div class="row"><h1 tabindex="-1"><${Said}>${name ?? W.screens.bank}<//></h1>${stream && html`<span class="pill ${stream.level}">${stream.sentence}</span>`}
      <span class="right row">${own && (isActive ? html`<button class="danger" onClick=${act("deactivate")}>${W.deactivate}</button>` : (!isLeaving(leaving) && html`<button onClick=${act("activate")}>${W.activate}</button>`))}</span></div>
    ${isLeaving(leaving) && html`<${Leaving} id=${id} name=${name} leaving=${leaving} />`}
    <${Answer} of=${facts} lines=${4}>${(data) => html`<div class="two"><${Card} title=${isCalled(wayOf(data)) ? B.itsServer : W.itsQueue}><${Facts} facts=${isCalled(wayOf(data)) ? serverFacts(wayOf(data), data, stream) : queueFacts(data, stream)} /><${Way} way=${wayOf(data)} format=${data.message_format} /><${WayActs} id=${id} name=${name} way=${wayOf(data)} format=${data.message_format} /><p class="soft small">${W.keptUp}: committed ${number(stream?.committed_24h)}, processed ${number(stream?.processed_24h)}</p><//>
      <${Card} title=${W.itsKey}>${data.key ? html`<p><span class="mono">${data.key.key_id}</span></p><p class="soft small">${data.key.expires_at && W.keyEnds((Date.parse(data.key.expires_at) - now()) / 1000, span, absolute(data.key.expires_at))}</p><div class="row"><button onClick=${act("rotate")}>${W.rotateKey}</button><button class="danger" onClick=${act("endKey", { key_id: data.key.key_id })}>${W.endKey}</button></div>` : html`<${Note} info>${W.noKey}<//><div class="row"><button class="primary" onClick=${act("issue")}>${W.issueKey}</button></div>`}<//></div>`}<//>
    <${Answer} of=${live} lines=${6}>${(data) => html`<${Pipeline} ...${data} />`}<//>
    <${Card} title=${W.last24}><${Answer} of=${series} lines=${4}>${({ points }) => html`<${Chart} points=${points} lines=${linesHere()} sentence=${W.last24} />`}<//><//>
    <div class="two">${!isLeaving(leaving) && html`<${Leaving} id=${id} name=${name} leaving=${leaving} />`}<${Exports} id=${id} name=${name} /></div>
    <${Erasures} id=${id} name=${name} />
    <${Card} title=${W.itsViews}><p class="row">${[["events"], ["failures"], ["replays"], ["audit"], ["connect"]].map(([screen]) => html`<a href=${link(screen, { consumer_id: id })}>${W.screens[screen]}</a>`)}</p><//>`;
}

export const queueFacts = (data, stream) => [
  [data.depth === null ? W.unknown : number(data.depth), W.unit(data.depth, W.messages)],
  [data.readers === null ? W.unknown : number(data.readers), W.unit(data.readers, W.readersNow), data.readers === 0 ? "bad" : ""],
  [lasting(stream?.lag_p95_ms), W.lagNow],
  [since(data.last_processed_at), W.lastProcessedAgo],
];

// Onboarding a bank: what one call has made, its secrets this once, and those that are not finished.
import { Ending, Secret } from "./act_dialog.js";
import { closeAct, openAct } from "./acts.js";
import { link } from "./address.js";
import { Rows } from "./event.js";
import { useLive } from "./live.js";
import { at } from "./systems.js";
import { Card, Level, Note, Said, Table, Time, Trouble } from "./ui.js";
import { html } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

const EVERY_MS = 15000;

export const onboard = (values) => openAct("onboard", { name: "", values, done: Onboarded });

const Steps = ({ steps }) => html`<ul>${steps.map(({ name, state }) => html`<li><${Level} level=${B.stepLevels[state]}>${B.steps[name] ?? name}: ${B.stepStates[state] ?? state}<//></li>`)}</ul>`;

function Onboarded({ data, values: { key, ...values } }) {
  const isDone = data.state === "done";
  const live = useLive(isDone ? null : at("/consumer/onboard"), { consumer_id: data.consumer_id });
  const shown = live.data ?? data;
  return html`<div role="status" class="stack">${isDone ? html`<${Secrets} data=${data} />` : html`<p><b>${{ ready: B.isReady, undone: B.isUndone, undoing: B.onboardingStates.undoing }[shown.state] ?? B.goesOn}</b></p>${shown.reason && html`<p class="soft small"><${Said}>${shown.reason}<//></p>`}`}
    <${Steps} steps=${shown.steps} />${live.error && html`<${Trouble} ...${live} />`}
    ${!isDone && ["ready", "done"].includes(shown.state) && html`<div><button class="primary" onClick=${() => onboard(values)}>${B.takeSecrets}</button></div>`}
    ${isDone && html`<p><a href=${link("banks", { consumer_id: data.consumer_id })} onClick=${closeAct}>${W.open} <${Said}>${data.consumer_name}<//></a></p>`}<${Ending} /></div>`;
}

function Secrets({ data: { api_key: key, webhook_secret: secret, broker_access: access } }) {
  const told = [[W.key, key], [B.secret, secret], [B.brokerPassword, access?.password]].filter(([, text]) => text);
  const more = access && [[B.brokerUser, access.username], [B.brokerUrl, access.url], [B.queue, access.queue]];
  return html`<p><b>${B.onboarded}</b></p>${told.map(([label, text]) => html`<div><h3>${label}</h3><${Secret} label=${label} text=${text} /></div>`)}<p class="soft small">${B.onboardedGone}</p>
    <${Rows} rows=${more?.map(([label, text]) => [label, html`<span class="mono">${text}</span>`])} />`;
}

const ASKED = ["display_name", "delivery", "url", "max_in_flight", "timeout_seconds", "message_format", "expires_in_days"];
/** What was asked for, as the dialog's fields hold it: only the same request gets the secrets. */
const askedFor = (row) => Object.fromEntries(ASKED.filter((name) => row[name] !== null).map((name) => [name, String(row[name])]));

const COLUMNS = [
  { key: "stream", cell: (row) => html`<${Said}>${row.consumer_name}<//><span class="sub">${W.since} <${Time} at=${row.created_at} age /></span>` },
  { key: "status", cell: ({ state, reason, tries, next_try_at: next }) => html`${B.onboardingStates[state] ?? state}<span class="sub">${tries > 0 && `${B.triesInVain(tries)}: `}${reason && html`<${Said}>${reason}<//>`}</span>${next && html`<span class="sub">${W.laneNext} <${Time} at=${next} /></span>`}` },
  { key: "steps", cell: ({ steps }) => html`<${Steps} steps=${steps} />` },
  { key: "do", cell: ({ consumer_id: id, consumer_name: name, state, ...asked }) => html`<div class="row">${state === "ready" && html`<button onClick=${() => onboard({ consumer_name: name, ...askedFor(asked) })}>${B.takeSecrets}</button>`}${["running", "ready"].includes(state) && html`<button class="danger" onClick=${() => openAct("giveUpOnboarding", { consumer_id: id, name })}>${B.giveUp}</button>`}</div>` },
];

/** Those that are not finished, if there are any. */
export function Unfinished() {
  const lists = ["ready", "running", "undoing"].map((state) => useLive(at("/consumer/onboardings"), { state }, { every: EVERY_MS }));
  const failed = lists.find(({ error }) => error);
  const rows = lists.flatMap(({ data }) => data?.onboardings ?? []);
  return html`${failed && html`<${Trouble} ...${failed} />`}${rows.length > 0 && html`<${Card} title=${B.unfinished} pad=${false}><${Table} label=${B.unfinished} columns=${COLUMNS} rows=${rows} id=${(row) => row.consumer_id} /><//>`}`;
}

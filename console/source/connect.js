// Connect: the four steps of a working integration, each checked live, and what a program needs to know. A bank that is called
// sees how, and how its server does.
import { address } from "./address.js";
import { openAct } from "./acts.js";
import { queueFacts } from "./banks.js";
import { isCalled, serverFacts, serverWords, Way, wayOf } from "./delivery.js";
import { Erasures } from "./erasures.js";
import { Icon } from "./icons.js";
import { Exports } from "./leaving.js";
import { useLive } from "./live.js";
import { overview } from "./overview.js";
import { session } from "./session.js";
import { at } from "./systems.js";
import { absolute, now, span } from "./times.js";
import { Answer, Card, Copy, CopyCurl, Facts, Paper, Pre, Said, Table, Time } from "./ui.js";
import { html } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

const program = (facts) => `import json, os, pika, requests

connection = pika.BlockingConnection(
    pika.URLParameters(os.environ["AMQP_URL"]))  # ${facts.broker_address ?? "amqps://…"}
channel = connection.channel()
channel.basic_qos(prefetch_count=50)
for method, properties, body in channel.consume("${facts.queue}"):
    event = json.loads(body)
    apply_once(properties.message_id, event)  # yours; by number, once
    requests.post(
        "${location.origin}${at("/events/confirm-delivery")}",
        headers={"X-API-Key": os.environ["FINTEGRATE_KEY"]},
        json={"event_id": properties.message_id, "status": "processed"},
        timeout=10,
    ).raise_for_status()
    channel.basic_ack(method.delivery_tag)
`;

export function Connect() {
  const { params } = address.use();
  const id = session.get().is_admin ? params.consumer_id : undefined;
  const live = useLive(at("/consumer/integration"), { consumer_id: id });
  const { data: seen } = overview.use();
  return html`<${Answer} of=${live} lines=${10}>${(data) => {
    const way = wayOf(data);
    const called = isCalled(way) && way;
    const stream = seen?.streams.find(({ consumer_id: each }) => each === data.consumer_id);
    const isDone = (...names) => data.steps.every(({ step, done }) => done || (names.length && !names.includes(step)));
    return html`<div class="row"><div><h1 tabindex="-1">${called ? calledWords(called, isDone) : isDone() ? W.keepsUp : isDone("queue", "connected") ? W.readsOnly : isDone("received") ? W.notNow : W.notYet}</h1><p class="soft small"><${Said}>${data.consumer_name}<//></p></div><span class="right row"><${CopyCurl} path=${at("/consumer/integration")} params=${{ consumer_id: id }} />${!id && html`<button onClick=${() => openAct("test", {})}>${W.testCustomer}</button><button class="primary" onClick=${() => openAct("replay", { filter: {}, isNew: true })}>${W.missed}</button>`}</span></div>
      <div class="two"><div class="stack"><${Card} title=${W.screens.connect}><ol class="tl steps">${data.steps.map((each) => html`<${Step} ...${each} called=${called} />`)}</ol>${called && html`<p class="small"><${Paper} path=${CALLED}>${B.readCalled}<//></p>`}<//>
          ${called && html`<${Card} title=${B.howCalled}><${Way} way=${called} format=${data.message_format} /><//>`}</div>
        <div class="stack"><${Card} title=${W.waitsForYou}><${Facts} facts=${called ? serverFacts(called, data, stream) : queueFacts(data, stream)} /><//>
        <${Card} title=${W.yourKey}>${data.key && html`<p class="mono">${data.key.key_id}</p><p class="soft small">${data.key.expires_at && W.keyEnds((Date.parse(data.key.expires_at) - now()) / 1000, span, absolute(data.key.expires_at))} ${W.onlyAdmin}</p>`}<//></div></div>
      ${!called && html`<${Card} title=${W.facts}><dl class="rows wide">${["queue", "dead_letter_queue", "broker_address"].map((name) => html`<div><dt>${W.asWords(name)}</dt><dd class="mono">${data[name] ?? W.unknown}</dd></div>`)}${data.access && html`<div><dt>${W.asWords("username")}</dt><dd class="mono">${data.access.username} (${data.access.state})</dd></div>`}<div><dt>${W.asWords("arguments")}</dt><dd class="mono">${JSON.stringify(data.arguments)}</dd></div></dl><//>`}
      <${Card} title=${W.schemas} pad=${false}><${Table} label=${W.schemas} columns=${SCHEMAS} rows=${data.event_types} id=${(row) => row.event_type} /><//>
      ${!called && html`<${Card} title=${W.program} pad=${false} side=${html`<${Copy} label=${W.copy} text=${program(data)} />`}><div class="pad"><${Pre} label=${W.program}>${program(data)}<//></div><//>`}
      <${Exports} id=${data.consumer_id} name=${data.consumer_name} /><${Erasures} id=${data.consumer_id} name=${data.consumer_name} />`;
  }}<//>`;
}

const CALLED = "docs/banking/webhooks.md";
const calledWords = (way, isDone) => (way.state !== "open" ? B.calledNot(serverWords(way)[1]) : !isDone("connected") ? B.calledNever : isDone("processed") ? B.calledNow : B.takesOnly);

/** A step, whether it is done, and what a called bank has to do for it. */
function Step({ step, done, at: when, sentence, called }) {
  const toDo = called && !done && B.toDo[step]?.(called.timeout_seconds);
  return html`<li><${Icon} name=${done ? "done" : "wait"} tone=${done ? "ok" : "warn"} /><div><${Said}>${sentence}<//>${toDo && html`<span class="sub">${toDo}</span>`}${when && html`<span class="sub"><${Time} at=${when} age /></span>`}</div></li>`;
}

const SCHEMAS = [
  { key: "type", cell: (row) => html`<code>${row.event_type}</code>` },
  { key: "key", name: W.asWords("routing_key"), cell: (row) => html`<code>${row.routing_key}</code>` },
  { key: "schema", name: W.schema, cell: (row) => html`<${Paper} path=${row.schema} />` },
];

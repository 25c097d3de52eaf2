// A customer's events in order: the head that holds the others, since when and why.
import { address, link } from "./address.js";
import { openAct } from "./acts.js";
import { number } from "./charts.js";
import { Square } from "./event.js";
import { eventColumns } from "./events.js";
import { useLive } from "./live.js";
import { at } from "./systems.js";
import { Answer, Card, CopyCurl, Id, Note, Said, State, Table, Time } from "./ui.js";
import { html } from "./view.js";
import * as W from "./words.js";

export function Lane() {
  const { params } = address.use();
  const id = String(params.customer_id ?? "").trim().toLowerCase();
  const live = useLive(id ? at("/events/lane") : null, { customer_id: id });
  if (!id) return html`<h1 tabindex="-1">${W.screens.lane}</h1><${Note} info>${W.needCustomer}<//>`;
  return html`<div class="row"><div><h1 tabindex="-1">${W.screens.lane}</h1><${Id} id=${id} whole /></div><span class="right row"><a class="btn" href=${link("events", { customer_id: id })}>${W.screens.events}</a>${live.data && html`<button class="danger" onClick=${() => openAct("erase", { name: live.data.consumer_name, values: { customer_id: id } })}>${W.eraseCustomer}</button>`}<${CopyCurl} path=${at("/events/lane")} params=${{ customer_id: id }} /></span></div>
    <${Answer} of=${live} lines=${5}>${(lane) => html`<${Card} title=${lane.consumer_name} soft=${W.lastProcessed(lane.last_processed_sequence)}>${lane.head ? html`<${Held} lane=${lane} />` : html`<p>${W.laneFree} ${lane.given_up_count > 0 && `${W.states.publish_failed}: ${number(lane.given_up_count)}`}</p>`}<//>
      ${lane.waiting.length > 0 && html`<section class="card"><${Table} label=${W.laneTitle} columns=${eventColumns(false)} rows=${[lane.head, ...lane.waiting].filter(Boolean)} id=${(row) => row.event_id} /></section>`}`}<//>`;
}

function Held({ lane }) {
  const { head, waiting } = lane;
  const act = (kind) => () => openAct(kind, { event: { customer_id: lane.customer_id, ...head }, name: lane.consumer_name });
  return html`<p><b>${W.headOf(head.sequence)}</b> <${State} state=${head.state} /> <${Time} at=${lane.held_since} age /> ${lane.held_reason && html`<span class="soft"><${Said}>${lane.held_reason}<//></span>`}</p>
    <div class="lane"><${Square} number=${head.sequence} state=${head.state} id=${head.event_id} isHead />${waiting.map((row) => html`<${Square} number=${row.sequence} state=${row.state} id=${row.event_id} />`)}</div>
    <p class="soft small">${W.laneHolds(lane.waiting_count)} ${number(waiting.length) !== number(lane.waiting_count) ? "…" : ""}</p>
    <div class="row"><button onClick=${act("resend")}>${W.sendAgain}</button><button class="danger" onClick=${act("skip")}>${W.giveUp}</button></div>`;
}

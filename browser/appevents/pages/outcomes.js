// The list of what became of the events that were sent.

import { ago, el, $, keep, pill, say, text } from "./dom.js";
import { onOutcomes } from "./telling.js";

const OUTCOMES = {
  waiting: ["none", "in the queue", "wait"],
  sent: ["info", "accepted", "wait"],
  published: ["info", "on its way", "wait"],
  processed: ["ok", "processed", "done"],
  rejected: ["bad", "rejected", "fail"],
};
const SECRET = ["access_token", "url"];

/** Show the list, and keep it true. */
export function startOutcomes() {
  onOutcomes((states) => {
    keep($("outcomes"), states, (state) => state.client_generated_id, outcomeItem);
    $("outcomes-empty").hidden = states.length > 0;
  });
}

function outcomeItem(first) {
  const place = el("span"), took = el("span", { className: "soft small num sp" });
  const answer = el("summary"), data = el("pre", { tabIndex: 0 }), reason = el("span", { className: "soft" });
  const details = el("details", { className: "small", hidden: true }, answer, data);
  const made = el("li", { className: "entry" },
    el("div", { className: "row" }, place, el("b", {}, first.event_type), took),
    el("div", { className: "small" }, reason), details);
  let shown = null;
  made.show = (state) => {
    const [tone, words, shape] = OUTCOMES[state.status];
    text(took, whenOf(state));
    if (shown === state.status) return;
    if (shown && state.outcome) say(`${state.event_type}: ${words}`);
    shown = state.status;
    place.replaceChildren(pill(tone, words, shape));
    text(reason, state.status === "rejected" ? reasonOf(state) : "");
    details.hidden = !state.outcome;
    if (!state.outcome) return;
    text(answer, state.outcome.event_type);
    data.textContent = JSON.stringify(state.outcome.data, unlessSecret, 1);
  };
  return made;
}

/** Refused by the API without an outcome, or rejected by a service with one. */
function reasonOf({ reason, outcome }) {
  return outcome ? `${outcome.data.reason} (${reason})` : `Refused: ${reason}`;
}

/** How long it took from being stored to its outcome, or how long ago it was sent. */
function whenOf(state) {
  if (!state.outcome) return ago(state.since);
  const ms = Date.parse(state.outcome.at) - Date.parse(state.accepted_at);
  return `${ago(state.since)} · took ${ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`}`;
}

/** What opens something is shown to nobody, not even to its owner's neighbour. */
const unlessSecret = (name, value) => (SECRET.includes(name) ? "…" : value);

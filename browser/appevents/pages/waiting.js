// The list of what waits in this browser, with the switch that takes the connection away.

import { isOnline, isPretended, onNetwork, pretendOffline } from "./network.js";
import { $, el, icon, keep, pill, say, text } from "./dom.js";
import { onSession } from "./session.js";
import { queue, waiting } from "./telling.js";

const WAITING = {
  pending: ["info", "waiting", "wait"],
  stalled: ["warn", "stalled", "fail"],
  rejected: ["bad", "refused", "fail"],
};
let entries = [];

/** Show the queue, and keep it true. */
export function startWaiting() {
  const read = async () => {
    try {
      entries = await waiting();
    } catch (error) {
      return noteWaiting(error.message);
    }
    showEntries();
  };
  queue.on("change", read);
  queue.on("stalled", () => noteWaiting("Five retries failed. The event is kept: retry it when you like."));
  queue.on("auth-required", () => noteWaiting("The server does not accept the token. Sign in again: what waits is kept."));
  onSession(() => {
    noteWaiting("");
    queue.resume();
    read();
  });
  onNetwork(showNetwork);
  $("switch").addEventListener("click", () => pretendOffline(!isPretended()));
  $("retry-all").addEventListener("click", () => queue.retryAll());
  setInterval(() => entries.length && showEntries(), 1000); // the seconds to the next try
}

function noteWaiting(words) {
  $("queue-note").hidden = !words;
  text($("queue-note").firstElementChild, words);
}

function showNetwork(online) {
  const unplugged = !online && !isPretended();
  $("network").className = `state ${online ? "ok" : "warn"}`;
  $("network").replaceChildren(icon(online ? "done" : "wait"), online ? "online" : "offline");
  $("switch").textContent = isPretended() ? "Go online" : "Go offline";
  $("switch").disabled = unplugged;
  say(online ? "Online. What waits is sent now." : "Offline. What you send is kept in this browser.");
  showEntries();
}

function showEntries() {
  keep($("queue"), entries, (entry) => entry.client_generated_id, entryItem);
  $("queue-empty").hidden = entries.length > 0;
  $("queue-all").hidden = !entries.some(({ state }) => state === "stalled");
  text($("queue-count"), String(entries.length));
}

function entryItem() {
  const state = el("span"), type = el("b"), what = el("span", { className: "clip soft" });
  const facts = el("span", { className: "soft small num" }), error = el("span", { className: "bad small" });
  const retry = el("button", { type: "button" }, "Retry"), discard = el("button", { type: "button" }, "Discard");
  const made = el("li", { className: "entry" },
    el("div", { className: "row" }, state, type, what), el("div", { className: "facts" }, facts, error),
    el("div", { className: "row acts" }, retry, discard));
  retry.addEventListener("click", () => queue.retry(made.dataset.id));
  discard.addEventListener("click", () => throwAway(made));
  made.show = (entry) => {
    const [tone, words, shape] = WAITING[entry.state];
    if (state.textContent !== words) state.replaceChildren(pill(tone, words, shape));
    text(type, entry.event_type);
    text(what, summary(entry.data));
    text(facts, [retries(entry), nextTry(entry)].filter(Boolean).join(" · "));
    text(error, entry.lastError ?? "");
    retry.hidden = entry.state === "rejected" || !isOnline();
    retry.setAttribute("aria-label", `Retry ${entry.event_type}: ${what.textContent}`);
    discard.setAttribute("aria-label", `Discard ${entry.event_type}: ${what.textContent}`);
  };
  return made;
}

/** The keyboard's focus goes to the next entry, or to the heading when none is left. */
async function throwAway(item) {
  const neighbour = item.nextElementSibling ?? item.previousElementSibling;
  const target = neighbour?.querySelector(".acts button:last-child") ?? $("queue-title");
  await queue.discard(item.dataset.id);
  target.focus();
  say("Discarded.");
}

const retries = (entry) => (entry.retryCount === 1 ? "1 retry" : `${entry.retryCount} retries`);

function nextTry(entry) {
  if (entry.state === "rejected") return "never sent again";
  if (entry.state === "stalled") return "waits for you";
  if (!isOnline()) return "next try when online";
  const seconds = Math.ceil((entry.nextRetryAt - Date.now()) / 1000);
  return seconds > 0 ? `next try in ${seconds} s` : "being sent";
}

/** The first text of an event's data, which is what a person recognizes it by. */
function summary(data) {
  const words = Object.values(data ?? {}).filter((value) => typeof value === "string");
  return words.at(-1) ?? "";
}

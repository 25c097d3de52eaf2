// Filters as chips. They are the address; a wrong one is told, and the view opens without it.
import { address, change } from "./address.js";
import { filterName, filterOf, here, say } from "./systems.js";
import { session } from "./session.js";
import { moment, now, zoneName } from "./times.js";
import { streamNames } from "./overview.js";
import { Field, Note } from "./ui.js";
import { html, useState } from "./view.js";
import * as W from "./words.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY_MS = 86400000;
const quick = ["-15m", "-1h", "-24h", "-7d"];

/** What is wrong with a value, as a sentence. */
function fault(name, value) {
  const { kind, of, isUuid } = filterOf(name);
  const words = filterName(name);
  if (kind === "time" && !moment(value)) return W.notATime(words);
  if (isUuid && !UUID.test(value)) return W.notAnId(words);
  const strange = of && value.split(",").find((each) => !of.includes(each));
  return strange ? W.notAChoice(words, strange) : null;
}

const tidy = (name, value) => (filterOf(name).isUuid ? value.trim().toLowerCase() : value.trim());

/** The view's filters: those that hold, as the API takes them, and what is wrong with the others. */
export function useFilters() {
  const { screen, params } = address.use();
  const spec = here().screens[screen];
  const good = {};
  const faults = {};
  const unknown = [];
  for (const [name, given] of Object.entries(params)) {
    if (spec.also?.includes(name)) continue;
    if (!spec.filters.includes(name)) {
      unknown.push(name);
      continue;
    }
    const value = tidy(name, given);
    const wrong = fault(name, value);
    if (wrong) faults[name] = wrong;
    else good[name] = value;
  }
  if (!session.get()?.is_admin) delete good.consumer_id;
  const blocked = contradiction(good);
  const api = Object.fromEntries(Object.entries(good).map(([name, value]) => [filterOf(name).api ?? name, value]));
  return { names: spec.filters, good, api, faults, unknown, blocked };
}

function contradiction({ from, to, contains }) {
  const begin = from && Date.parse(moment(from));
  const end = to ? Date.parse(moment(to)) : now();
  if (begin > end) return W.fromAfterTo;
  return contains && !(end - begin <= DAY_MS + 60000) ? W.containsSpan : null;
}

/** A filter's value in words. */
export function inWords(name, value) {
  const { kind, words } = filterOf(name);
  if (kind === "stream") return streamNames().find(([id]) => id === value)?.[1] ?? value;
  if (!words) return value.replace(/^-/, "−");
  return value.split(",").map((each) => say(words, each) ?? each).join(", ");
}

export function Filters({ filters, side }) {
  const [edited, edit] = useState(null);
  const { good, faults, names, unknown, blocked } = filters;
  const isAdmin = session.get()?.is_admin;
  const offered = names.filter((name) => !(name in good) && (isAdmin || name !== "consumer_id"));
  return html`<div class="filters">
      ${Object.entries(good).map(([name, value]) => html`<span class="chip" key=${name}><button class="is" onClick=${() => edit(name)}>${filterName(name)} <b><bdi>${inWords(name, value)}</bdi></b></button><button aria-label=${W.remove(filterName(name))} onClick=${() => change({ [name]: null })}>×</button></span>`)}
      ${offered.map((name) => html`<button class="chip add" key=${name} aria-expanded=${String(edited === name)} onClick=${() => edit(edited === name ? null : name)}>+ ${filterName(name)}</button>`)}
      ${side && html`<span class="sp soft small num">${side}</span>`}
    </div>
    ${edited && html`<${Edit} key=${edited} name=${edited} value=${good[edited] ?? ""} close=${() => edit(null)} />`}
    ${unknown.length > 0 && html`<${Note}>${W.unknownFilter(unknown)}<//>`}
    ${Object.values(faults).map((sentence) => html`<${Note} role="alert">${sentence}<//>`)}
    ${blocked && html`<${Note} role="alert">${blocked}<//>`}`;
}

function Edit({ name, value, close }) {
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState(null);
  const { kind, of, words } = filterOf(name);
  const apply = (next) => {
    const wanted = tidy(name, next);
    const sentence = wanted && fault(name, wanted);
    if (sentence) return setWrong(sentence);
    change({ [name]: wanted || null });
    return close();
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter") apply(text);
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  };
  const chosen = text.split(",").filter(Boolean);
  const toggle = (each) => setText(chosen.includes(each) ? chosen.filter((one) => one !== each).join(",") : [...chosen, each].join(","));
  const focus = (element) => element?.focus();
  const body = {
    many: () => html`<fieldset><legend>${filterName(name)}</legend>${of.map((each, index) => html`<label class="check"><input type="checkbox" ref=${index ? undefined : (element) => text === value && focus(element)} checked=${chosen.includes(each)} onChange=${() => toggle(each)} /> ${inWords(name, each)}</label>`)}</fieldset>`,
    one: () => html`<${Field} label=${filterName(name)}>${(id) => html`<select id=${id} value=${text} onChange=${(event) => apply(event.target.value)}><option value="" />${of.map((each) => html`<option value=${each}>${inWords(name, each)}</option>`)}</select>`}<//>`,
    stream: () => html`<${Field} label=${filterName(name)}>${(id) => html`<select id=${id} value=${text} onChange=${(event) => apply(event.target.value)}><option value="" />${streamNames().map(([key, each]) => html`<option value=${key}>${each}</option>`)}</select>`}<//>`,
  }[kind];
  return html`<div class="filters edit" onKeyDown=${onKeyDown}>
    ${body?.() ?? html`<${Field} label=${filterName(name)} hint=${kind === "time" ? W.timeHint(zoneName()) : kind === "id" ? W.idHint : undefined} fault=${wrong}>${(id, more) => html`<input id=${id} ...${more} value=${text} maxlength="200" autocomplete="off" ref=${(element) => element && !element.dataset.met && ((element.dataset.met = 1), element.focus())} onInput=${(event) => setText(event.target.value)} />`}<//>`}
    ${kind === "time" && quick.map((each) => html`<button onClick=${() => apply(each)}>${each.replace("-", "−")}</button>`)}
    <button class="primary" onClick=${() => apply(text)}>${W.apply}</button><button onClick=${close}>${W.cancel}</button>
  </div>`;
}

// The dialog of every act: counts, warnings, why, the bank's name where it is large, then the act, once.
import { go, link } from "./address.js";
import { ask, curl } from "./api.js";
import { ACTS, closeAct, fieldsOf } from "./acts.js";
import { number } from "./charts.js";
import { nameOf, overview, streamNames } from "./overview.js";
import { session } from "./session.js";
import { isFirst } from "./systems.js";
import { moment, since } from "./times.js";
import { Copy, Dialog, Facts, Field, Loading, Note, Said } from "./ui.js";
import { html, useEffect, useMemo, useRef, useState } from "./view.js";
import * as W from "./words.js";

const LARGE = 1000;
const REQUIRED = ["consumer_id", "consumer_name", "key", "name", "per_second"];
const SETTLED_MS = 400;

/** How many will be acted upon: late ones only where they are wanted. */
const countOf = ({ matched, late = 0 } = {}, values = {}) => (matched ?? 0) - (values.include_late ? 0 : late);

export function ActDialog({ act }) {
  const { kind, subject, key } = act;
  const definition = ACTS[kind];
  const { method = "POST", told = (data) => data } = definition;
  const path = typeof definition.path === "function" ? definition.path(subject) : definition.path;
  const fields = fieldsOf(act);
  const [values, setValues] = useState({ ...definition.values, ...subject.values });
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [dry, setDry] = useState({});
  const [phase, setPhase] = useState({ name: "asking" });
  const idempotencyKey = useRef(key);
  // Once for what was typed: a relative time would be another one at each drawing.
  const times = useMemo(() => Object.fromEntries(["from", "to"].filter((name) => values[name]).map((name) => [name, moment(values[name])])), [values.from, values.to]);
  const body = definition.body(subject, { ...values, ...times });
  const asked = JSON.stringify(body);
  const isMissing = fields.some((name) => REQUIRED.includes(name) && !String(values[name] ?? "").trim()) || Object.values(times).includes(null);

  const look = async (signal) => {
    setDry({});
    try {
      const { data } = await ask(path, { method, body: { ...body, dry_run: true }, signal });
      setDry({ data: told(data), of: asked });
    } catch (error) {
      if (!signal?.aborted) setDry({ error, of: asked });
    }
  };
  useEffect(() => {
    if (!definition.dry || isMissing || phase.name === "done") return undefined;
    const control = new AbortController();
    const timer = setTimeout(() => look(control.signal), dry.of ? SETTLED_MS : 0);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [asked, isMissing]);

  const name = subject.name ?? nameOf(body.consumer_id) ?? session.get().consumer_name;
  const isLarge = countOf(dry.data, values) >= LARGE || definition.isWhole?.(body);
  const mustType = Boolean(name) && (definition.final || isLarge);
  const count = countOf(dry.data, values);
  const isReady = phase.name === "asking" && !isMissing && (!definition.dry || (dry.data && dry.of === asked && (count > 0 || dry.data.matched === undefined))) && (!definition.reason || reason.trim()) && (!mustType || typed.trim() === name) && !session.get().read_only;
  const whole = { ...body, ...definition.act, ...(definition.reason && { reason: reason.trim() }), ...(dry.data?.matched !== undefined && definition.reason && { expected_count: dry.data.matched }) };
  const headers = isFirst() ? { "Idempotency-Key": idempotencyKey.current } : {};
  const run = async () => {
    if (!isReady) return;
    setPhase({ name: "sending" });
    try {
      const { data } = await ask(path, { method, body: whole, headers: definition.own ? { "X-API-Key": values.key.trim() } : headers });
      setValues((old) => ({ ...old, key: "" }));
      if (data?.job_id) {
        closeAct();
        return go("replays", { job: data.job_id });
      }
      return setPhase({ name: "done", data });
    } catch (error) {
      return setPhase({ name: error.kind === "over" ? "asking" : "failed", error });
    }
  };
  // What came to no answer may have been done: the same key makes sure that it is done once.
  const again = () => {
    const { error } = phase;
    setPhase({ name: "asking" });
    if (error?.kind === "refused") {
      idempotencyKey.current = crypto.randomUUID();
      if (definition.dry) look();
    }
  };
  const [title, button = () => title] = W.acts[kind];
  const change = (field) => (value) => setValues((old) => ({ ...old, [field]: value }));
  if (phase.name === "done") return html`<${Dialog} label=${title} close=${closeAct}><${Done} data=${phase.data} kind=${kind} subject=${subject} /><//>`;
  return html`<${Dialog} label=${title} close=${closeAct}>
    ${name && html`<p class="soft small"><${Said}>${name}<//></p>`}
    ${definition.dry && !isMissing && html`<${Counts} dry=${dry} unit=${definition.unit} again=${() => look()} />`}
    ${subject.note && html`<${Note} info>${subject.note}<//>`}
    ${definition.final && html`<${Note}><b>${W.act.noWayBack}</b><//>`}
    ${fields.length > 0 && html`<div class="two">${fields.map((field) => html`<${Asked} key=${field} ...${{ field, value: values[field] ?? "", set: change(field) }} />`)}</div>`}
    ${definition.reason && html`<${Field} label=${html`${W.act.why} <span class="soft">(${W.act.whyHint})</span>`}>${(id) => html`<input id=${id} value=${reason} maxlength="500" autocomplete="off" onInput=${(event) => setReason(event.target.value)} />`}<//>`}
    ${mustType && html`<${Field} label=${W.act.typeName(html`<code>${name}</code>`)}>${(id) => html`<input id=${id} value=${typed} autocomplete="off" spellcheck=${false} onInput=${(event) => setTyped(event.target.value)} />`}<//>`}
    ${session.get().read_only && html`<${Note} info>${W.act.readOnly}<//>`}
    ${phase.error && html`<${Note} role="alert"><bdi>${phase.error.message}</bdi> ${phase.error.requestId && html`<span class="soft">${W.request} <span class="mono">${phase.error.requestId}</span></span>`} <button class="quiet" onClick=${again}>${W.act.again}</button><//>`}
    <details><summary>${W.act.command}</summary><pre tabindex="0" role="region" aria-label=${W.act.command}>${curl(path, { method, body: whole, headers: definition.own ? {} : headers })}</pre></details>
    <div class="row"><span class="soft small">${W.act.as(session.get().actor || session.get().consumer_name, session.get().is_admin ? W.administrator : "")}</span>
      <span class="right row"><button data-first onClick=${closeAct}>${W.cancel}</button><button class=${definition.final ? "danger" : "primary"} disabled=${!isReady} onClick=${run}>${phase.name === "sending" ? W.act.working : button(count)}</button></span></div>
  <//>`;
}

function Counts({ dry: { data, error }, unit = "events", again }) {
  if (error) return html`<${Note} role="alert"><bdi>${error.message}</bdi> ${error.requestId && html`<span class="mono soft">${error.requestId}</span>`} <button class="quiet" onClick=${again}>${W.act.again}</button><//>`;
  if (!data) return html`<${Loading} lines=${3} />`;
  if (data.matched === undefined) return null;
  const [states, reasons] = [data.by_state, data.by_reason].map((counts) => Object.entries(counts ?? {}).filter(([, count]) => count));
  const facts = [
    [`${data.exact === false ? `${W.act.atLeast} ` : ""}${number(data.matched)}`, W.act.facts[unit]],
    "customers" in data && [number(data.customers), W.act.facts.customers],
    "oldest" in data && [since(data.oldest), W.act.facts.oldest],
    "stay" in data && [number(data.stay), W.act.facts.stay],
  ];
  return html`${unit !== "none" && html`<${Facts} facts=${facts.filter(Boolean)} />`}
    ${data.matched === 0 && html`<${Note} info role="status">${W.act.nothing}<//>`}
    ${data.late > 0 && html`<${Note}><b>${W.act.late(data.late)}</b> ${W.act.lateMore}<//>`}
    ${(data.warnings ?? []).map((sentence) => html`<${Note} info key=${sentence}><${Said}>${sentence}<//><//>`)}
    ${reasons.length > 0 && html`<p class="small soft">${W.act.byReason}: ${reasons.map(([reason, count]) => `${reason} ${number(count)}`).join(" · ")}</p>`}
    ${states.length > 1 && html`<p class="small soft">${W.act.byState}: ${states.map(([state, count]) => `${W.states[state] ?? state} ${number(count)}`).join(" · ")}</p>`}
    ${(data.tenants ?? []).length > 1 && html`<p class="small soft">${W.act.byTenant}: ${data.tenants.map((tenant) => `${tenant.consumer_name} ${number(tenant.events)}`).join(" · ")}</p>`}`;
}

function Asked({ field, value, set }) {
  overview.use(); // the banks' names may come later than the dialog
  const choices = W.act.choices[field];
  const hint = W.act.hints[field] ?? (field === "from" || field === "to" ? W.timeHint : undefined);
  const options = field === "consumer_id" ? [["", ""], ...streamNames()] : choices && Object.entries(choices);
  const fault = (field === "from" || field === "to") && value && !moment(value) ? W.notATime(W.act.fields[field]) : undefined;
  const onInput = (event) => set(event.target.value);
  return html`<${Field} label=${W.act.fields[field]} hint=${hint} fault=${fault}>${(id, more) =>
    options
      ? html`<select id=${id} ...${more} value=${value} onChange=${onInput}>${options.map(([key, words]) => html`<option value=${key}>${words}</option>`)}</select>`
      : html`<input id=${id} ...${more} value=${value} type=${field === "key" ? "password" : "text"} inputmode=${/second|minutes|days/.test(field) ? "numeric" : undefined} autocomplete="off" maxlength="200" onInput=${onInput} />`}<//>`;
}

function Done({ data, kind, subject }) {
  const counts = Object.entries({ ...data?.summary, ...data }).filter(([name, value]) => typeof value === "number" && W.act.results[name]);
  return html`<div role="status" class="stack">
    ${data?.api_key ? html`<p>${W.act.keyShown}</p><pre tabindex="0" role="region" aria-label=${W.key}>${data.api_key}</pre><p class="soft small">${W.act.keyGone}</p><${Copy} label=${W.copy} text=${data.api_key} />` : html`<p><b>${W.act.done}</b></p>`}
    ${counts.length > 0 && html`<${Facts} facts=${counts.map(([name, value]) => [number(value), W.act.results[name]])} />`}
    ${kind === "test" && html`<p><a href=${link("events", { customer_id: data.customer_id })} onClick=${closeAct}>${W.watchIt}</a></p>`}
    ${kind === "onboard" && html`<p><a href=${link("banks", { consumer_id: data.consumer_id })} onClick=${closeAct}>${W.open} <${Said}>${subject?.name ?? ""}<//></a></p>`}
    ${data?.next_cursor && html`<${Note} info>${W.act.moreLeft}<//>`}
    <div class="row"><a class="small" href=${link("audit")} onClick=${closeAct}>${W.act.inAudit}</a><span class="right"><button data-first onClick=${closeAct}>${W.close}</button></span></div></div>`;
}

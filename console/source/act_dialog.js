// The dialog of every act: counts, warnings, why, the bank's name where it is large, then the act, once.
import { go, link } from "./address.js";
import { ask, curl } from "./api.js";
import { ACTS, closeAct, fieldsOf } from "./acts.js";
import { number } from "./charts.js";
import { keyOf, nameOf, overview, streamNames } from "./overview.js";
import { session } from "./session.js";
import { isFirst } from "./systems.js";
import { moment, since, span, zoneName } from "./times.js";
import { Copy, Dialog, Facts, Fault, Field, Loading, Note, Pre, Said } from "./ui.js";
import { html, useEffect, useMemo, useRef, useState } from "./view.js";
import * as W from "./words.js";

const LARGE = 1000;
const REQUIRED = ["consumer_id", "consumer_name", "customer_id", "key", "name", "per_second", "url"];
const SETTLED_MS = 400;

/** How many will be acted upon: late ones only where they are wanted. */
const countOf = ({ matched, late = 0 } = {}, values = {}) => (matched ?? 0) - (values.include_late ? 0 : late);

export function ActDialog({ act }) {
  const { kind, subject, key } = act;
  const definition = ACTS[kind];
  const { method = "POST", told = (data) => data } = definition;
  const path = typeof definition.path === "function" ? definition.path(subject) : definition.path;
  const [values, setValues] = useState({ ...definition.values, ...subject.values });
  const fields = fieldsOf(act, values);
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

  // A bank that nobody chose has no name here.
  const others = session.get().is_admin ? W.severalStreams : session.get().consumer_name;
  const name = subject.name ?? nameOf(body.consumer_id) ?? (fields.includes("consumer_id") ? "" : others);
  const count = countOf(dry.data, values);
  const isLarge = count >= LARGE || definition.isWhole?.(body);
  const mustType = Boolean(name) && (definition.final || isLarge);
  const isReady = phase.name === "asking" && !isMissing && (!definition.dry || (dry.data && dry.of === asked && (count > 0 || definition.isEmptyToo || dry.data.matched === undefined))) && (!definition.reason || reason.trim()) && (!mustType || typed.trim() === name) && !session.get().read_only;
  const whole = { ...body, ...definition.act, ...(definition.reason && { reason: reason.trim() }), ...(dry.data?.matched !== undefined && definition.reason && { expected_count: dry.data.matched }) };
  const headers = isFirst() && !definition.unkept ? { "Idempotency-Key": idempotencyKey.current } : {};
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
  const [title, counted] = W.acts[subject.again ? "again" : kind];
  const button = counted && count > 0 ? counted(count) : title;
  const left = kind === "replay" && count > 0 && values.per_second > 0 && W.actTakes(count, values.per_second, span(Math.ceil(count / values.per_second)));
  const command = curl(path, { method, body: whole, headers: definition.own ? {} : headers });
  const change = (field) => (value) => setValues((old) => ({ ...old, [field]: value }));
  if (phase.name === "done") return html`<${Dialog} label=${title} close=${closeAct}><${subject.done ?? Done} data=${phase.data} kind=${kind} values=${values} /><//>`;
  return html`<${Dialog} label=${title} close=${closeAct}>
    ${name && html`<p class="soft small"><${Said}>${name}<//></p>`}
    ${definition.dry && !isMissing && html`<${Counts} dry=${dry} unit=${definition.unit} isEmptyToo=${definition.isEmptyToo} again=${() => look()} />`}
    ${fields.includes("consumer_id") && !values.consumer_id && html`<${Note} info role="status">${W.actChooseFirst}<//>`}
    ${kind === "replay" && !isMissing && html`<${Ahead} id=${body.consumer_id ?? session.get().consumer_id} data=${dry.data} />`}
    ${(subject.note ?? definition.note) && html`<${Note} info>${subject.note ?? definition.note}<//>`}
    ${definition.final && html`<${Note}><b>${W.actNoWayBack}</b><//>`}
    ${fields.length > 0 && html`<div class="two">${fields.map((field) => html`<${Asked} key=${field} ...${{ field, value: values[field] ?? "", set: change(field) }} />`)}</div>`}
    ${definition.reason && html`<${Field} label=${html`${W.actWhy} <span class="soft">(${W.actWhyHint})</span>`}>${(id) => html`<input id=${id} value=${reason} maxlength="500" autocomplete="off" onInput=${(event) => setReason(event.target.value)} />`}<//>`}
    ${left && html`<p class="small soft" role="status">${left}</p>`}
    ${mustType && html`<${Field} label=${W.actTypeName(html`<code>${name}</code>`)} hint=${W.actTypeWhy}>${(id, more) => html`<input id=${id} ...${more} value=${typed} autocomplete="off" spellcheck=${false} onInput=${(event) => setTyped(event.target.value)} />`}<//>`}
    ${session.get().read_only && html`<${Note} info>${W.actReadOnly}<//>`}
    <${Fault} error=${phase.error} again=${again} />
    <details><summary>${W.actCommand}</summary><${Pre} label=${W.actCommand}>${command}<//><${Copy} label=${W.copy} text=${command} /></details>
    <div class="row"><span class="soft small">${W.actAs(session.get().actor || session.get().consumer_name, session.get().is_admin ? W.administrator : "")}</span>
      <span class="right row"><button data-first onClick=${closeAct}>${W.cancel}</button><button class=${definition.final ? "danger" : "primary"} disabled=${!isReady} onClick=${run}>${phase.name === "sending" ? W.actWorking : button}</button></span></div>
  <//>`;
}

function Counts({ dry: { data, error }, unit = "events", isEmptyToo, again }) {
  if (error) return html`<${Fault} error=${error} again=${again} />`;
  if (!data) return html`<${Loading} lines=${3} />`;
  if (data.matched === undefined) return null;
  const [states, reasons] = [data.by_state, data.by_reason].map((counts) => Object.entries(counts ?? {}).filter(([, count]) => count));
  const facts = [
    [`${data.exact === false ? `${W.actAtLeast} ` : ""}${number(data.matched)}`, W.unit(data.matched, unit)],
    "customers" in data && [number(data.customers), W.unit(data.customers, "customers")],
    data.oldest !== undefined && !isEmptyToo && [since(data.oldest), W.actOldest],
    "stay" in data && [number(data.stay), W.actStay],
  ];
  return html`${unit !== "none" && html`<${Facts} facts=${facts.filter(Boolean)} />`}
    ${data.matched === 0 && !isEmptyToo && html`<${Note} info role="status">${W.actNothing}<//>`}
    ${data.late > 0 && html`<${Note}><b>${W.actLate(data.late)}</b> ${W.actLateMore}<//>`}
    ${(data.warnings ?? []).map((sentence) => html`<${Note} info><${Said}>${sentence}<//><//>`)}
    ${reasons.length > 0 && html`<p class="small soft">${W.actByReason}: ${reasons.map(([reason, count]) => `${reason} ${number(count)}`).join(" · ")}</p>`}
    ${states.length > 1 && html`<p class="small soft">${W.actByState}: ${states.map(([state, count]) => `${W.states[state] ?? state} ${number(count)}`).join(" · ")}</p>`}
    ${(data.tenants ?? []).length > 1 && html`<p class="small soft">${W.actByTenant}: ${data.tenants.map((tenant) => `${tenant.consumer_name} ${number(tenant.events)}`).join(" · ")}</p>`}`;
}

/** What the page knows of the bank's queue: whether what is sent is read, and what it would get twice. */
function Ahead({ id, data }) {
  const { readers, queue_depth: depth } = overview.use().data?.streams.find((stream) => keyOf(stream) === id) ?? {};
  const twice = data?.by_state?.in_queue;
  const told = [readers === 0 && W.actUnread, depth >= session.get().thresholds.queue_nearly_full && W.actFull, twice > 0 && W.actTwice(twice)];
  return told.filter(Boolean).map((sentence) => html`<${Note}>${sentence}<//>`);
}

function Asked({ field, value, set }) {
  overview.use(); // the banks' names may come later than the dialog
  const choices = W.actChoices[field];
  const isTime = field === "from" || field === "to";
  const hint = W.actHints[field] ?? (isTime ? W.timeHint(zoneName()) : undefined);
  const options = field === "consumer_id" ? [["", ""], ...streamNames()] : choices && Object.entries(choices);
  const fault = isTime && value && !moment(value) ? W.notATime(W.actFields[field]) : undefined;
  const onInput = (event) => set(event.target.value);
  return html`<${Field} label=${W.actFields[field]} hint=${hint} fault=${fault}>${(id, more) =>
    options
      ? html`<select id=${id} ...${more} value=${value} onChange=${onInput}>${options.map(([key, words]) => html`<option value=${key}>${words}</option>`)}</select>`
      : html`<input id=${id} ...${more} value=${value} type=${field === "key" ? "password" : "text"} inputmode=${/second|minutes|days|in_flight/.test(field) ? "numeric" : undefined} autocomplete="off" maxlength=${field === "url" ? 2000 : 200} onInput=${onInput} />`}<//>`;
}

/** A secret, to be copied now. */
export const Secret = ({ label, text }) => html`<div class="stack"><${Pre} label=${label}>${text}<//><div><${Copy} label=${W.copy} text=${text} /></div></div>`;

/** The end of every act: its row in the audit log, and the way back. */
export const Ending = () => html`<div class="row"><a class="small" href=${link("audit")} onClick=${closeAct}>${W.actInAudit}</a><span class="right"><button data-first onClick=${closeAct}>${W.close}</button></span></div>`;

/** What an act has answered; a subject may have a view of its own for it (`done`). */
function Done({ data, kind }) {
  const counts = Object.entries({ ...data?.summary, ...data }).filter(([name, value]) => typeof value === "number" && W.actResults[name]);
  return html`<div role="status" class="stack">
    ${data?.api_key ? html`<p>${W.actKeyShown}</p><${Secret} label=${W.key} text=${data.api_key} /><p class="soft small">${W.actKeyGone}</p>` : html`<p><b>${W.actDone}</b></p>`}
    ${counts.length > 0 && html`<${Facts} facts=${counts.map(([name, value]) => [number(value), W.actResults[name]])} />`}
    ${kind === "test" && html`<p><a href=${link("events", { customer_id: data.customer_id })} onClick=${closeAct}>${W.watchIt}</a></p>`}
    ${kind === "erase" && data.finished_at === null && html`<${Note}>${W.actEraseLeft}<//>`}
    ${data?.next_cursor && html`<${Note} info>${W.actMoreLeft}<//>`}<${Ending} /></div>`;
}

// The small pieces of which the screens are made.
import { curl } from "./api.js";
import { Icon, LEVELS, STATES } from "./icons.js";
import { session } from "./session.js";
import { say } from "./systems.js";
import { absolute, clock, now, since } from "./times.js";
import { html, useLayoutEffect, useRef, useState, useTick } from "./view.js";
import * as W from "./words.js";

export const State = ({ state, more }) => {
  const [icon, tone] = STATES[state] ?? LEVELS.none;
  return html`<span class="state ${tone}"><${Icon} name=${icon} /><span>${W.states[state] ?? state}${more}</span></span>`;
};

export const Level = ({ level, children }) => {
  const [icon, tone] = LEVELS[level] ?? LEVELS.none;
  return html`<span class="state ${tone}"><${Icon} name=${icon} /><span>${children}</span></span>`;
};

/** A time in the zone that is shown; the whole of it with the zone when pointed at. */
export const Time = ({ at, ms, seconds, age }) =>
  at ? html`<time datetime=${new Date(at).toISOString()} title=${absolute(at)}>${clock(at, { ms, seconds })}${age && ` (${since(at)})`}</time>` : "—";

/** An id, shortened, or words of others: isolated, so that their direction is their own. */
export const Id = ({ id, whole }) => html`<span class="mono ${whole ? "" : "t"}" title=${id}>${whole || !id || id.length < 14 ? id : `${id.slice(0, 4)}…${id.slice(-4)}`}</span>`;
export const Said = ({ children }) => html`<bdi>${children}</bdi>`;

/** A page of the repository's documents; a link where a setting says where they are. */
export const Paper = ({ path, children }) => {
  const base = session.get()?.links?.runbooks;
  const place = /^https?:/.test(path) ? path : base && base.replace(/\/?$/, "/") + path;
  if (place) return html`<a href=${place} target="_blank" rel="noreferrer">${children ?? path}</a>`;
  const [file, heading] = path.split("#");
  return html`${children && html`${children}: `}<code>${file}</code>${heading && `, “${heading[0].toUpperCase()}${heading.slice(1).replaceAll("-", " ")}”`}`;
};

export function Copy({ text, label, quiet }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button class=${quiet ? "quiet" : ""} onClick=${copy}><span aria-live="polite">${isDone ? W.copied : label}</span></button>`;
}

export const CopyCurl = ({ path, params, ...request }) => html`<${Copy} label=${W.copyCurl} text=${() => curl(path, { params, ...request })} />`;

/** Text as it is, which the keyboard can scroll. */
export const Pre = ({ label, children }) => html`<pre tabindex="0" role="region" aria-label=${label} dir="auto">${children}</pre>`;

export const Card = ({ title, soft, side, children, label, pad = true, ...rest }) => html`<section class="card" aria-label=${label ?? (pad ? title : undefined)} ...${rest}>
  ${title && html`<div class="cardhead"><h2>${title}</h2>${soft && html`<span class="soft small">${soft}</span>`}${side && html`<span class="sp">${side}</span>`}</div>`}
  ${pad ? html`<div class="pad stack">${children}</div>` : children}
</section>`;

export const Facts = ({ facts }) => html`<dl class="facts">${facts.map(([value, words, tone]) => html`<div class="fact"><dt class="small soft">${words}</dt><dd class=${tone ?? ""}>${value}</dd></div>`)}</dl>`;

export const Note = ({ info, role, children }) => html`<p class="note ${info ? "i" : ""}" role=${role}>${children}</p>`;

export const Loading = ({ lines = 6 }) => html`<div class="loading" role="status" aria-label=${W.loading}>${Array.from({ length: lines }, () => html`<i />`)}</div>`;

export const Empty = ({ title, children }) => html`<div class="pad stack"><p><b>${title}</b></p><p class="soft small">${children}</p></div>`;

/** What stood in the way, with the way on. */
export function Trouble({ error, at, again }) {
  useTick(Boolean(error.until));
  if (error.kind === "over") return null;
  const left = error.until && Math.max(0, Math.ceil((error.until - now()) / 1000));
  return html`<${Note} role="status">
    ${error.passes && error.kind !== "slow" && html`<b>${W.noAnswer(at && clock(at))}</b> `}<bdi>${error.message}</bdi>
    ${left !== undefined && ` ${error.kind === "slow" ? W.slowed(left) : W.tryAgain(left)}`}
    ${" "}<button class="quiet" onClick=${again}>${error.passes ? W.tryNow : W.actAgain}</button><${Asked} error=${error} />
  <//>`;
}

/** The request of a refusal, on a line of its own: what to quote to whoever helps. */
const Asked = ({ error }) => error.requestId && html`<span class="sub">${W.request} <span class="mono">${error.requestId}</span></span>`;

/** A refusal of what somebody asked for. */
export const Fault = ({ error, again }) => error && html`<${Note} role="alert"><bdi>${W.forPeople(error.message)}</bdi> ${again && html`<button class="quiet" onClick=${again}>${W.actAgain}</button>`}<${Asked} error=${error} /><//>`;

/** An answer in all its states; `children` is a function of the data. */
export function Answer({ of, lines, children }) {
  const { data, error, at, again } = of;
  return html`${error && html`<${Trouble} ...${{ error, at, again }} />`}
    ${data === undefined ? !error && html`<${Loading} lines=${lines} />` : children(data)}`;
}

/**
 * Rows in columns; under 720 px a list. `columns`: [{key, name, right, cell(row)}].
 * `open(row)` on a click beside links; `chosen`: a Set of ids that may be selected.
 */
export function Table({ label, columns, rows, id, open, current, chosen, choose }) {
  const shown = columns.filter(Boolean).map((column) => ({ name: say("columns", column.key) ?? W.asWords(column.key), ...column }));
  const click = (row) => (event) => {
    if (!open || event.target.closest("a,button,input,summary,label") || String(getSelection())) return;
    open(row);
  };
  return html`<div class="wrap" tabindex="0" role="region" aria-label=${label}><table aria-label=${label}>
    <thead><tr>${chosen && html`<th class="pick"><span class="hide">${W.columns.pick}</span></th>`}${shown.map((column) => html`<th class=${column.right ? "r" : ""} scope="col">${column.name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => {
      const key = id(row);
      return html`<tr key=${key} data-row=${key} class=${open ? "opens" : ""} aria-current=${current === key ? "true" : undefined} onClick=${click(row)}>
        ${chosen && html`<td class="pick" data-name=${W.columns.pick}><input type="checkbox" aria-label=${W.select(key)} checked=${chosen.has(key)} onChange=${() => choose(key)} /></td>`}
        ${shown.map((column) => html`<td data-name=${column.name} class="${column.right ? "r num" : ""} ${column.tone?.(row) ?? ""}"><div>${column.cell(row)}</div></td>`)}
      </tr>`;
    })}</tbody></table></div>`;
}

export function Tabs({ label, tabs, current, open }) {
  const move = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = (tabs.findIndex(([name]) => name === current) + by + tabs.length) % tabs.length;
    open(tabs[next][0]);
    event.currentTarget.children[next].focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>${tabs.map(([name, words]) => html`<button key=${name} role="tab" aria-selected=${String(name === current)} tabindex=${name === current ? 0 : -1} onClick=${() => open(name)}>${words}</button>`)}</div>`;
}

/** A dialog of the browser's own: it keeps the focus inside and gives it back. The harmless button has the focus. */
export function Dialog({ label, close, children, wide }) {
  const place = useRef();
  useLayoutEffect(() => {
    const dialog = place.current;
    const opener = document.activeElement;
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
    return () => {
      dialog.close();
      opener?.focus();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    close?.();
  };
  return html`<dialog ref=${place} class="dlg ${wide ? "wide" : ""}" aria-label=${label} onCancel=${cancel}>
    <div class="cardhead"><h2>${label}</h2>${close && html`<button class="quiet sp" onClick=${close}>${W.close} <kbd>Esc</kbd></button>`}</div>
    <div class="pad stack">${children}</div>
  </dialog>`;
}

let fieldCount = 0;
/** A labelled field; `children` is what one fills in, as a function of its id. */
export function Field({ label, hint, fault, children }) {
  const [id] = useState(() => `f${(fieldCount += 1)}`);
  return html`<div class="field"><label for=${id}>${label}</label>${children(id, { "aria-describedby": hint || fault ? `${id}h` : undefined, "aria-invalid": fault ? "true" : undefined })}
    ${(fault || hint) && html`<span class="small ${fault ? "bad" : "soft"}" id="${id}h" role=${fault ? "alert" : undefined}>${fault ?? hint}</span>`}</div>`;
}

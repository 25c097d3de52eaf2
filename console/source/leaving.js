// A bank's leaving: its offboarding with the time in which it can be taken back, and exports of all it has.
import { openAct } from "./acts.js";
import { ask } from "./api.js";
import { number } from "./charts.js";
import { Rows } from "./event.js";
import { session } from "./session.js";
import { at } from "./systems.js";
import { now, span } from "./times.js";
import { Answer, Card, CopyCurl, Fault, Level, Note, Said, Table, Time } from "./ui.js";
import { html, useState } from "./view.js";
import * as B from "./bank_words.js";
import * as W from "./words.js";

/** Whether a bank is leaving or has left, by the answer about its offboarding. */
export const isLeaving = (leaving) => Boolean(leaving.data) && leaving.data.status !== "taken_back";

/** `leaving`: the answer about the bank's offboarding, which is asked for only while the bank is deactivated. */
export function Leaving({ id, name, leaving }) {
  const act = (kind) => () => openAct(kind, { consumer_id: id, name });
  const known = isLeaving(leaving);
  const isNone = leaving.error?.status === 404 || !leaving.isAsked;
  return html`<${Card} title=${B.leaving}>${known || !isNone ? html`<${Answer} of=${leaving} lines=${3}>${(data) => (known ? html`<${Left} data=${data} act=${act} />` : html`<${Stays} act=${act} />`)}<//>` : html`<${Stays} act=${act} />`}<//>`;
}

const Stays = ({ act }) => html`<p class="soft small">${B.staysNow}</p><div><button class="danger" onClick=${act("offboard")}>${B.offboard}</button></div>`;

function Left({ data, act }) {
  const { status, due_at: due, erased_count: erased, finished_at: ended, waits_for: waits, actor, reason, created_at: begun, broker_access: access } = data;
  const rows = [
    [B.asked, html`<${Said}>${actor || W.aKey}<//>, <${Time} at=${begun} />: <${Said}>${reason}<//>`],
    access && [B.itsAccess, access],
    ended && [B.leftAt, html`<${Time} at=${ended} />`],
  ];
  return html`${status === "waiting" ? html`<p><${Level} level="warn"><b>${B.leavesAt} <${Time} at=${due} />, ${B.leavesIn(span(Math.max(0, (Date.parse(due) - now()) / 1000)))}</b><//></p>` : html`<p><b>${(status === "done" ? B.hasLeft : B.isEnding)(erased)}</b></p>`}
    ${waits && html`<${Note} info>${W.waitsFor(waits)}<//>`}<${Rows} rows=${rows.filter(Boolean)} />
    ${status === "waiting" && html`<div><button class="primary" onClick=${act("takeBack")}>${B.takeBack}</button></div>`}`;
}

/** A bank's newest export. The look of an admin is in the audit log, so nothing asks for it by itself. */
export function Exports({ id, name }) {
  const isAdmin = session.get().is_admin;
  const scope = isAdmin ? { consumer_id: id } : {};
  const [shown, setShown] = useState({});
  const look = async () => {
    setShown((old) => ({ data: old.data, isBusy: true }));
    setShown(await ask(at("/consumer/export"), { params: scope }).catch((error) => ({ error })));
  };
  const { data, error, isBusy } = shown;
  return html`<${Card} title=${B.exports} side=${html`<${CopyCurl} path=${at("/consumer/export")} params=${scope} />`}>
    <p class="soft small">${B.exportHint}</p>
    ${error?.status === 404 ? html`<p>${B.noExport}</p>` : html`<${Fault} error=${error} />`}
    ${data && html`<${Export} key=${data.export_id} data=${data} scope=${scope} />`}
    <div class="row"><button onClick=${() => openAct("exportBank", { ...scope, name })}>${B.newExport}</button><button disabled=${isBusy} onClick=${look}>${data ? W.actAgain : B.lookAtExport}</button>${isAdmin && html`<span class="soft small">${W.showAudited}</span>`}</div><//>`;
}

const FILES = [
  { key: "number", right: true, cell: (file) => file.number },
  { key: "kind", cell: ({ kind }) => B.exportKinds[kind] ?? kind },
  { key: "lines", right: true, cell: ({ lines }) => number(lines) },
  { key: "size", right: true, cell: ({ size_bytes: size }) => html`<span class="t">${W.bytes(size)}</span>` },
  { key: "sha", cell: ({ sha256 }) => html`<span class="mono" title=${sha256}>${sha256.slice(0, 12)}…</span>` },
  { key: "file", cell: ({ url, number: count }) => html`<${File} url=${url} label="${W.download} ${count}" />` },
].map((column) => ({ ...column, name: B.exportColumns[column.key] }));

const File = ({ url, label }) => html`<a href=${url} rel="noreferrer" aria-label=${label}>${W.download}</a>`;

function Export({ data, scope }) {
  const [more, setMore] = useState({ files: [], next: data.next_after });
  const files = [...data.files, ...more.files];
  const older = async () => {
    try {
      const { data: page } = await ask(at("/consumer/export"), { params: { ...scope, export_id: data.export_id, after: more.next } });
      setMore((old) => ({ files: [...old.files, ...page.files], next: page.next_after }));
    } catch (error) {
      setMore((old) => ({ ...old, error }));
    }
  };
  const { status, kind, waits_for: waits, written, manifest } = data;
  const rows = [
    [W.laneState, html`<${Level} level=${{ done: "ok", running: "info" }[status] ?? "none"}>${B.exportStates[status] ?? status}${status === "running" && `: ${B.writesNow(B.exportKinds[kind] ?? kind)}`}<//>`],
    waits && [W.progress, W.waitsFor(waits)],
    [B.cutAt, html`<${Time} at=${data.cut_at} />`],
    ...Object.entries(written).map(([name, { lines, size_bytes: size }]) => [B.exportKinds[name] ?? name, `${number(lines)} · ${W.bytes(size)}`]),
    manifest && [B.manifest, html`<${File} url=${manifest.url} label="${W.download} ${B.manifest}" />`],
  ];
  return html`<${Rows} rows=${rows.filter(Boolean)} />
    ${files.length > 0 && html`<${Table} label=${B.files} columns=${FILES} rows=${files} id=${(file) => file.number} /><p class="soft small">${B.linksEnd(Math.round(data.links_end_after_seconds / 60))}</p>`}
    <${Fault} error=${more.error} />${more.next !== null && html`<div><button onClick=${older}>${B.moreFiles}</button></div>`}`;
}

// Charts as our own SVG. Each has a sentence; the larger ones a table beneath.
import { say } from "./systems.js";
import { clock, lasting, span } from "./times.js";
import { html, useLayoutEffect, useRef, useState } from "./view.js";
import * as W from "./words.js";

export const number = (value) => (value === null || value === undefined ? "—" : value.toLocaleString("en"));

function useWidth(first) {
  const place = useRef();
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry.contentRect.width))));
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  return [place, width];
}

/** A path through the values; null makes a gap. */
function path(values, x, y) {
  let isOpen = false;
  return values
    .map((value, index) => {
      if (value === null || value === undefined) {
        isOpen = false;
        return "";
      }
      const step = `${isOpen ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      isOpen = true;
      return step;
    })
    .join("");
}

export function Spark({ values, tone = "", label }) {
  const [w, h] = [140, 26];
  const most = Math.max(1, ...values);
  const x = (index) => (index * w) / Math.max(1, values.length - 1);
  const y = (value) => h - 2 - (value / most) * (h - 5);
  const drawn = path(values, x, y);
  return html`<svg class="spark ${tone}" width=${w} height=${h} role="img" aria-label=${label}>
    ${values.length > 1 && html`<path class="area" d="${drawn}L${w} ${h}L0 ${h}z" />`}<path class="line" d=${drawn} />
  </svg>`;
}

/** The upper end of an axis: 1, 2 or 5 times a power of ten. */
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 4, 6, 8, 10].find((each) => each * power >= Math.max(2, most)) * power; // its half is round, too
}
const short = (value) => (value >= 1000 ? `${+(value / 1000).toFixed(1)}k` : String(+value.toFixed(1)));

/** Lines over time. `lines`: [{name, key, tone}]; `points`: [{at, …}]. */
export function Chart({ points, lines, sentence, table = true }) {
  const [place, width] = useWidth(620);
  const [left, right, height, top, foot] = [34, 12, 160, 10, 20];
  const most = ceiling(Math.max(1, ...points.flatMap((point) => lines.map(({ key }) => point[key] ?? 0))));
  const x = (index) => left + (index * (width - left - right)) / Math.max(1, points.length - 1);
  const y = (value) => height - foot - (value / most) * (height - foot - top);
  const marks = width > 460 ? 5 : 3;
  const ticks = [...new Set(Array.from({ length: marks }, (_, index) => Math.round((index * (points.length - 1)) / (marks - 1))))];
  const anchor = (index) => (index === 0 ? "start" : index === points.length - 1 ? "end" : "middle");
  return html`<figure class="chart" ref=${place}>
    <svg width=${width} height=${height} role="img" aria-label=${sentence}>
      ${[0, 0.5, 1].map((part) => html`<path class="grid" d="M${left} ${y(part * most)}H${width - right}" /><text x=${left - 6} y=${y(part * most) + 4} text-anchor="end">${short(part * most)}</text>`)}
      ${points.length > 1 && ticks.map((index) => html`<text x=${x(index)} y=${height - 4} text-anchor=${anchor(index)}>${clock(points[index].at, { seconds: false }).slice(-5)}</text>`)}
      ${lines.map(({ key, tone }) => html`<path class="line ${tone}" d=${path(points.map((point) => point[key]), x, y)} />`)}
    </svg>
    <figcaption class="legend">${lines.map(({ name, key, tone }) => html`<span><svg class="key ${tone}" width="16" height="8" aria-hidden="true"><path class="line ${tone}" d="M0 4H16" /></svg> ${name} <b class="num">${number(points.at(-1)?.[key])}</b></span>`)}${points.length > 0 && html`<span>${W.ofLast(clock(points.at(-1).at, { seconds: false }))}</span>`}</figcaption>
    ${table && html`<${AsTable} ...${{ points, lines }} />`}
  </figure>`;
}

function AsTable({ points, lines }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${W.asTable}</summary>
    ${isOpen && html`<div class="wrap tall" tabindex="0" role="region" aria-label=${W.asTable}><table>
      <thead><tr><th>${W.time}</th>${lines.map(({ name }) => html`<th class="r">${name}</th>`)}</tr></thead>
      <tbody>${[...points].reverse().map((point) => html`<tr key=${point.at}><td class="mono">${clock(point.at, { seconds: false })}</td>${lines.map(({ key }) => html`<td class="r num">${number(point[key])}</td>`)}</tr>`)}</tbody>
    </table></div>`}
  </details>`;
}

const PARTS = [["ours_ms", "ours"], ["held_back_ms", "held"], ["queue_ms", "queue"], ["bank_ms", "bank"]];

/** The time of an event, by who held it. */
export function Durations({ durations }) {
  const known = PARTS.map(([key, tone]) => ({ tone, ms: durations[key], name: say("held", key) })).filter(({ ms }) => ms > 0);
  if (!known.length) return null;
  const total = known.reduce((sum, { ms }) => sum + ms, 0);
  const shares = known.map(({ ms }) => Math.max(1.5, (ms / total) * 100));
  const scale = 100 / shares.reduce((sum, share) => sum + share, 0);
  let at = 0;
  const bars = known.map(({ tone }, index) => {
    const width = shares[index] * scale;
    at += width;
    return html`<rect class=${tone} x="${at - width}%" width="${width}%" height="100%" />`;
  });
  const sentence = known.map(({ name, ms }) => `${name}: ${lasting(ms)}`).join("; ");
  return html`<svg class="seg" width="100%" height="26" role="img" aria-label=${sentence}>${bars}</svg>
    <ul class="seglab">${known.map(({ tone, name, ms }) => html`<li><svg width="11" height="11" aria-hidden="true"><rect class=${tone} width="11" height="11" rx="3" /></svg><span>${name}</span><b class="num">${lasting(ms)}</b></li>`)}</ul>`;
}

export function Progress({ value, most, label, tone = "" }) {
  const share = most ? Math.min(100, (value / most) * 100) : 0;
  return html`<div role="progressbar" aria-valuemin="0" aria-valuemax=${most} aria-valuenow=${value} aria-label=${label} class="progress ${tone}"><svg width="100%" height="10" aria-hidden="true"><rect width="${share}%" height="10" /></svg></div>`;
}

export { span };

// Shapes: a state is a shape, a word and a colour.
import { html } from "./view.js";

const CUT = "var(--card)";
const line = (d, more = {}) => ({ d, fill: "none", stroke: "currentColor", "stroke-width": 1.7, ...more });
const cut = (d) => line(d, { stroke: CUT, "stroke-width": 1.8 });
const DISC = { d: "M8 1a7 7 0 1 0 .01 0z" };
const RING = "M8 1.8a6.2 6.2 0 1 0 .01 0z";
const SHAPES = {
  done: [DISC, cut("M4.6 8.3l2.3 2.3 4.5-4.9")],
  half: [line(RING), { d: "M8 1.8a6.2 6.2 0 0 1 0 12.4z" }],
  most: [line(RING), { d: "M8 1.8a6.2 6.2 0 1 1-6.2 6.2H8z" }],
  wait: [line(RING, { "stroke-dasharray": "2.6 2" })],
  held: [{ d: "M4 2.5h3v11H4zM9 2.5h3v11H9z" }],
  fail: [{ d: "M8 1.2l7 13H1z" }, cut("M8 6v4M8 11.3v1.5")],
  dead: [{ d: "M2 2h12v12H2z" }, cut("M5 5l6 6M11 5l-6 6")],
  act: [line("M2.5 8a5.5 5.5 0 1 1 1.7 4M2 5.2v3.3h3.3")],
  info: [DISC, cut("M8 7v4.4M8 4.4v1.2")],
  none: [line(RING), line("M4.5 8h7")],
};

export const Icon = ({ name, tone = "" }) => html`<svg class="i ${tone}" viewBox="0 0 16 16" aria-hidden="true">
  ${(SHAPES[name] ?? SHAPES.none).map((shape) => html`<path fill="currentColor" ...${shape} />`)}
</svg>`;

/** State → shape and tone. */
export const STATES = {
  waiting: ["wait", "warn"],
  held_back: ["held", "warn"],
  publish_failed: ["fail", "bad"],
  in_queue: ["half", "info"],
  received: ["most", "info"],
  processed: ["done", "ok"],
  delivery_failed: ["fail", "bad"],
  dead_lettered: ["dead", "bad"],
  delivered: ["done", "ok"],
  failed: ["fail", "bad"],
  expired: ["dead", "bad"],
  skipped: ["none", "soft"],
  rejected: ["fail", "bad"],
  presigned: ["wait", "info"],
  uploaded: ["half", "info"],
  processing: ["most", "info"],
};
export const LEVELS = { ok: ["done", "ok"], warn: ["half", "warn"], bad: ["fail", "bad"], info: ["info", "info"], none: ["held", "soft"] };

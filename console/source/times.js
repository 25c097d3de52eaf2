// Times: the server's clock, the viewer's zone or UTC, ages and durations, and what people type.
import { preferences } from "./preferences.js";
import { watched } from "./view.js";

/** How far the browser's clock is behind the server's, in ms; 0 within five seconds. */
export const skew = watched(0);
export const now = () => Date.now() + skew.get();

export function compareClocks(serverTime, sentAt, gotAt) {
  const off = Date.parse(serverTime) - (sentAt + gotAt) / 2;
  if (Number.isFinite(off)) skew.set(Math.abs(off) > 5000 ? Math.round(off) : 0);
}

const isUtc = () => preferences.get().zone === "utc";
const two = (number) => String(number).padStart(2, "0");

/** A date's parts in the zone that is shown. */
function parts(moment) {
  const at = isUtc() ? new Date(+moment + moment.getTimezoneOffset() * 60000) : moment;
  return {
    day: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    ms: String(at.getMilliseconds()).padStart(3, "0"),
  };
}

export function zoneName() {
  const minutes = isUtc() ? 0 : -new Date(now()).getTimezoneOffset();
  if (!minutes) return "UTC";
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${two(rest)}` : ""}`;
}

/** `02:47:11`, with the day before it unless that is today. */
export function clock(iso, { ms = false, seconds = true } = {}) {
  if (!iso) return "—";
  const moment = new Date(iso);
  if (Number.isNaN(+moment)) return String(iso);
  const { day, time, ms: rest } = parts(moment);
  const shown = (seconds ? time : time.slice(0, 5)) + (ms ? `.${rest}` : "");
  return day === parts(new Date(now())).day ? shown : `${day} ${shown}`;
}

/** Day, time and zone: what a person may quote. */
export function absolute(iso) {
  if (!iso) return "—";
  const { day, time, ms } = parts(new Date(iso));
  return `${day} ${time}.${ms} ${zoneName()}`;
}

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

/** `52 min`: seconds in the largest unit of which there are two, or one below ten minutes. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  const whole = Math.max(0, seconds);
  const [name, size] = UNITS.find(([unit, each]) => whole >= each * (unit === "d" ? 2 : 1)) ?? UNITS[3];
  const count = whole / size;
  if (name === "s") return `${Math.round(count)} s`;
  const rounded = count < 10 && name !== "min" ? count.toFixed(1).replace(/\.0$/, "") : Math.floor(count);
  return `${rounded} ${name}`;
}

export const since = (iso) => (iso ? span((now() - Date.parse(iso)) / 1000) : "—");

/** `0.24 s`, `31.4 s`, `4 min`, of milliseconds. */
export function lasting(ms) {
  if (ms === null || ms === undefined) return "—";
  if (ms < 10) return `${+ms.toFixed(1)} ms`;
  if (ms < 995) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 100000 ? `${+(ms / 1000).toFixed(1)} s` : span(ms / 1000);
}

const RELATIVE = /^[-−]\s*(\d{1,5})\s*(s|m|min|h|d)$/;
const SIZES = { s: 1, m: 60, min: 60, h: 3600, d: 86400 };
const CALENDAR = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;

/** The time that these words mean, as ISO 8601 in UTC; null if they mean none. */
export function moment(words) {
  const text = String(words).trim().replace("−", "-");
  if (text === "now") return new Date(now()).toISOString();
  const back = RELATIVE.exec(text);
  if (back) return new Date(now() - back[1] * SIZES[back[2]] * 1000).toISOString();
  const named = CALENDAR.exec(/^\d\d?:\d\d$/.test(text) ? `${parts(new Date(now())).day} ${text.padStart(5, "0")}` : text);
  if (!named) return null;
  const [year, month, day, hour = 0, minute = 0, second = 0] = named.slice(1, 7).map((each) => (each ? +each : undefined));
  const utc = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return null;
  if (named[8]) return new Date(named[0].replace(" ", "T")).toISOString();
  return (isUtc() ? utc : new Date(year, month - 1, day, hour, minute, second)).toISOString();
}

export const isRelative = (words) => RELATIVE.test(String(words).trim()) || words === "now";

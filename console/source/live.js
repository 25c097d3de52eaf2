// Polling: every 2 s with focus, every 10 s without, never hidden; ETags; longer waits after errors.
import { ask, query } from "./api.js";
import { isOver } from "./session.js";
import { now } from "./times.js";
import { useLayoutEffect, useRef, useState, watched } from "./view.js";

const FOCUSED_MS = 2000;
const VISIBLE_MS = 10000;
const LONGEST_MS = 60000;
const KEPT = 24;

export const isPaused = watched(false);
/** What the last poll met: live, away or slow. */
export const connection = watched({ state: "live" });

/** The answers of views seen before, so that a way back draws at once. In memory only. */
const seen = new Map();

function remember(key, answer) {
  seen.delete(key);
  seen.set(key, answer);
  if (seen.size > KEPT) seen.delete(seen.keys().next().value);
}
export function forget() {
  seen.clear();
  early.clear();
}

/** Answers under way before their view is there; the first poll for one takes it. */
const early = new Map();
export function askEarly(path) {
  const answer = ask(path);
  answer.catch(() => {}); // The poll tells it.
  early.set(keyOf(path), answer);
}
const keyOf = (path, params = {}) => `${path}${JSON.stringify(params)}`;

const pace = () => (document.hasFocus() ? FOCUSED_MS : VISIBLE_MS);
const backOff = (failures) => Math.min(LONGEST_MS, 1000 * 2 ** failures) * (0.75 + Math.random() / 2);

/** One loop of requests until `stop()`; `told` gets each answer and each refusal. */
function poll({ key, request, told, every, live }) {
  const control = new AbortController();
  let timer, etag, failures = 0, isBusy = false, last = 0, isBlocked = 0, isAsked = false;

  const mayRun = () => !document.hidden && !isPaused.get() && !isOver.get();
  function plan(wait) {
    clearTimeout(timer);
    if (!control.signal.aborted) timer = setTimeout(run, Math.max(0, wait));
  }
  function met(error) {
    failures += 1;
    if (!error.passes) return told({ error });
    const wait = error.retryAfter * 1000 || backOff(failures);
    isBlocked = Date.now() + wait;
    error.until = now() + wait;
    connection.set({ state: error.kind, until: error.until });
    told({ error });
    return plan(wait);
  }
  async function run() {
    if (isBusy || (last && !mayRun())) return;
    isBusy = true;
    try {
      const sooner = early.get(key);
      early.delete(key);
      const got = await (sooner ?? ask(...request(etag, control.signal, last > 0 && !isAsked)));
      isAsked = false;
      if (control.signal.aborted) return;
      [etag, failures, isBlocked, last] = [got.etag, 0, 0, Date.now()];
      connection.set(connection.get().state === "live" ? connection.get() : { state: "live" });
      told({ got });
      if (live) plan(every ?? pace());
    } catch (error) {
      if (control.signal.aborted) return;
      if (!("kind" in error)) throw error;
      met(error);
    } finally {
      isBusy = false;
    }
  }
  const wake = () => {
    if (isBlocked > Date.now()) return;
    if (live || !last) plan(last ? last + (every ?? pace()) - Date.now() : 0);
  };
  const stops = [isPaused.watch(wake), isOver.watch(wake)];
  for (const name of ["focus", "blur", "online"]) addEventListener(name, wake, control);
  document.addEventListener("visibilitychange", wake, control);
  run();
  return {
    again() {
      isAsked = true;
      isBlocked = 0;
      etag = undefined;
      plan(0);
    },
    stop() {
      control.abort();
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}

/**
 * The answer to a request, kept up to date while the component is there.
 * `path` null asks nothing. `changing()` gives parameters that do not make it another view.
 */
export function useLive(path, params, { live = true, every, changing } = {}) {
  const key = path && keyOf(path, params);
  const [answer, setAnswer] = useState({});
  const loop = useRef();
  const extra = useRef();
  extra.current = changing;
  // Before the browser paints, so that it waits for the answer meanwhile.
  useLayoutEffect(() => {
    if (!path) return undefined;
    setAnswer({ key, ...(changing ? {} : seen.get(key)) });
    loop.current = poll({
      key,
      live,
      every,
      request: (etag, signal, isPoll) => [path, { params: { ...params, ...extra.current?.() }, etag, signal, isPoll }],
      told({ got, error }) {
        if (error) return setAnswer((old) => ({ ...old, key, error }));
        const fresh = got.status === 304 ? {} : { data: got.data, text: got.text };
        return setAnswer((old) => {
          const next = { ...old, ...fresh, key, at: now(), error: undefined };
          if (!changing) remember(key, next);
          return next;
        });
      },
    });
    return () => loop.current.stop();
  }, [key, live, every]);
  const current = answer.key === key ? answer : { ...(changing ? {} : seen.get(key)) };
  return { ...current, again: () => loop.current?.again() };
}

/** The path with its query, to show or copy. */
export const shown = (path, params) => path + query(params);

// What the measurements ask of the page: when something is on the screen, and what moved or took long meanwhile.
// It runs before the page's own script and before a clock that stands in for the browser's, so it keeps the real one.
window.probe = (() => {
  const frame = requestAnimationFrame.bind(window);
  const later = setTimeout.bind(window);
  const never = clearTimeout.bind(window);
  const now = performance.now.bind(performance);
  const PATIENCE_MS = 60000;
  const MOST_TOLD = 20;
  const PREFERENCES = "fintegrate-console";

  try {
    if (!localStorage.getItem(PREFERENCES)) localStorage.setItem(PREFERENCES, JSON.stringify({ signedIn: true, actor: "bench" }));
  } catch {
    // A blank page has no storage.
  }

  const one = (selector) => document.querySelector(selector);
  /** What a person waits for: it is there when this gives something else than before. */
  const effects = {
    now: () => one("main ol.pipe"),
    view: () => one("main h1") && !one("main .loading") && one("nav.rail a[aria-current=page]")?.hash,
    steps: () => one(".panel .tl li"),
    focus: () => document.activeElement,
    search: () => one("#search:focus"),
    zone: () => one("header .right")?.textContent,
    all: () => document.readyState === "complete",
  };

  /** How long requests of the page were under way, from the first one's begin to the last one's end. */
  function asked(from, until) {
    const own = performance.getEntriesByType("resource").filter(({ initiatorType, startTime, responseEnd }) => initiatorType === "fetch" && startTime >= from && responseEnd <= until);
    return own.length ? Math.max(...own.map(({ responseEnd }) => responseEnd)) - Math.min(...own.map(({ startTime }) => startTime)) : 0;
  }

  /** From a moment to the first frame after the effect. */
  function until(effect, from, before) {
    return new Promise((resolve) => {
      const control = new AbortController();
      const tell = (found) => {
        control.abort();
        watcher.disconnect();
        never(limit);
        resolve(found);
      };
      const look = () => {
        const trouble = one("main .note[role=status]");
        if (trouble) return tell({ trouble: trouble.textContent });
        const value = effects[effect]();
        if (control.signal.aborted || !value || value === before) return undefined;
        control.abort();
        watcher.disconnect();
        return frame(() => {
          const at = now();
          later(() => tell({ ms: at - from, asked: asked(from, at) }));
        });
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      for (const type of ["focusin", "focusout", "load", "readystatechange"]) addEventListener(type, look, { capture: true, signal: control.signal });
      const limit = later(() => tell({ trouble: `${effect} is not there after ${PATIENCE_MS / 1000} s` }), PATIENCE_MS);
      look();
    });
  }

  const none = () => ({ shift: 0, shifts: [], tasks: 0, longest: 0, answers: 0, fresh: 0, failed: 0 });
  const counts = none();
  const watchers = [];
  const waiting = [];

  const describe = ({ node, previousRect: a, currentRect: b }) => `${node?.nodeName ?? "?"}.${node?.className?.baseVal ?? node?.className ?? node?.data?.slice(0, 20) ?? ""} y ${a.y}→${b.y} h ${a.height}→${b.height} w ${a.width}→${b.width} x ${a.x}→${b.x}`;
  const meet = {
    "layout-shift": (entry) => {
      if (entry.hadRecentInput) return;
      counts.shift += entry.value;
      if (counts.shifts.length < MOST_TOLD) counts.shifts.push(`${entry.value.toFixed(5)}: ${entry.sources.map(describe).join("; ")}`);
    },
    longtask: ({ duration }) => {
      counts.tasks += duration > 50 ? 1 : 0;
      counts.longest = Math.max(counts.longest, duration);
    },
  };
  const take = (entries) => entries.forEach((entry) => meet[entry.entryType](entry));

  /** An answer to a poll was read: drawn once the page's own next frame and then a real one are over. */
  function answered(status) {
    requestAnimationFrame(() =>
      setTimeout(() => frame(() => frame(() => later(() => {
        counts.answers += 1;
        counts.fresh += status === 200 ? 1 : 0;
        counts.failed += status === 200 || status === 304 ? 0 : 1;
        waiting.splice(0).forEach((go) => go());
      })))),
    );
  }

  return {
    /** From the navigation to the first frame after the effect. */
    arrived: (effect) => until(effect, 0),

    /** The next event of this type begins a measurement; `measured` has its result. */
    after(type, effect) {
      performance.clearResourceTimings();
      window.probe.measured = new Promise((resolve) => {
        addEventListener(type, ({ timeStamp }) => resolve(until(effect, timeStamp, effects[effect]())), { capture: true, once: true });
      });
    },

    /** Sum of layout shifts since the navigation. */
    shifted: () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += entry.hadRecentInput ? 0 : entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        later(() => resolve(sum), 200);
      }),

    /** Count from now on what moves, what takes long, and the answers to this path's polls. */
    watch(path) {
      for (const type of Object.keys(meet)) {
        const watcher = new PerformanceObserver((list) => take(list.getEntries()));
        watcher.observe({ type });
        watchers.push(watcher);
      }
      const fetched = window.fetch.bind(window);
      window.fetch = async (place, ...rest) => {
        const answer = await fetched(place, ...rest);
        if (new URL(place, location).pathname !== path) return answer;
        const text = answer.text.bind(answer);
        answer.text = async () => {
          const said = await text();
          answered(answer.status);
          return said;
        };
        return answer;
      };
    },

    /** What was counted since the last time. */
    counted() {
      for (const watcher of watchers) take(watcher.takeRecords());
      const were = { ...counts };
      Object.assign(counts, none());
      return were;
    },

    /** Wait until so many answers are drawn since the counts began. */
    drawn: (count) =>
      new Promise((resolve, reject) => {
        const timer = later(() => reject(new Error(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
        const look = () => {
          if (counts.answers < count) return waiting.push(look);
          never(timer);
          return resolve();
        };
        look();
      }),
  };
})();

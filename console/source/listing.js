// A list that grows: its first page, older pages by cursor, and, where there is a tail, what is newer.
import { ask } from "./api.js";
import { useLive } from "./live.js";
import { useEffect, useRef, useState } from "./view.js";

const MOST = 1000;
const WATCHED = 100;
const AT_HEAD_PX = 160;

const byId = (rows, id) => new Map(rows.map((row) => [row[id], row]));

/**
 * `path` and `params`: the first page. `rows`: the member with the rows, `id`: that of a row's id.
 * `tail`: the path of what is newer; `isLive`: the first page says it. Then newer rows wait in `fresh` while `isHeld`,
 * or away from the head.
 */
export function useListing({ path, params, rows: member, id, tail, isLive, isHeld }) {
  const first = useLive(path, params, { live: !tail });
  const [state, setState] = useState({ rows: [], fresh: [], more: [] });
  const latest = useRef();
  latest.current = { ...state, isHeld };
  const source = useRef();
  const isReading = () => latest.current.isHeld || scrollY >= AT_HEAD_PX;
  const newerOf = (given) => {
    const known = byId(latest.current.rows, id);
    const end = given.findIndex((row) => known.has(row[id]));
    return end < 0 ? given : given.slice(0, end);
  };

  useEffect(() => {
    if (!first.data) return;
    const isSame = source.current === `${path}${JSON.stringify(params)}` && !tail;
    source.current = `${path}${JSON.stringify(params)}`;
    if (isSame && isLive && isReading()) return meet(newerOf(first.data[member]), first.data[member], first.data);
    setState((old) => ({
      rows: first.data[member],
      fresh: [],
      more: isSame ? old.more : [],
      next: isSame && old.more.length ? old.next : first.data.next_cursor,
      total: first.data.total,
      atLeast: first.data.at_least,
      truncated: first.data.truncated,
      of: source.current,
    }));
  }, [first.data]);

  const isReady = state.of === `${path}${JSON.stringify(params)}`;
  const newer = useLive(tail && isReady && first.data ? tail : null, params, {
    changing: () => ({
      after: latest.current.after,
      watch: [...latest.current.rows, ...latest.current.more].slice(0, WATCHED).map((row) => row[id]),
    }),
  });

  useEffect(() => {
    if (!newer.data) return;
    const { events = newer.data[member], watched = [], after } = newer.data;
    meet(events ?? [], watched, { after });
  }, [newer.data]);

  /** Rows that are newer, and what is known now of those that are here. */
  const meet = (events, watched, { after, total }) =>
    setState((old) => {
      const changed = byId(watched, id);
      const update = (all) => (all.some((row) => changed.has(row[id])) ? all.map((row) => changed.get(row[id]) ?? row) : all);
      const known = byId([...old.rows, ...old.fresh, ...old.more], id);
      const arrived = events.filter((row) => !known.has(row[id]));
      const next = { ...old, rows: update(old.rows), more: update(old.more), after, fresh: [...arrived, ...old.fresh] };
      if (typeof old.total === "number") next.total = total ?? old.total + arrived.length;
      return isReading() ? next : shown(next);
    });

  const shown = (old) => (old.fresh.length ? { ...old, rows: [...old.fresh, ...old.rows].slice(0, MOST), fresh: [] } : old);
  const older = async () => {
    const { data } = await ask(path, { params: { ...params, cursor: state.next } });
    setState((old) => ({ ...old, more: [...old.more, ...data[member]], next: data.next_cursor }));
  };
  const known = new Set();
  const rows = (isReady ? [...state.rows, ...state.more] : (first.data?.[member] ?? [])).filter((row) => !known.has(row[id]) && known.add(row[id]));
  return {
    ...state,
    rows,
    // What the first page met, or else what the tail meets.
    of: { ...first, error: first.error ?? newer.error, at: newer.at ?? first.at, again: () => (first.error ? first.again() : newer.again()) },
    older: state.next ? older : null,
    show: () => setState(shown),
    reload: first.again,
  };
}

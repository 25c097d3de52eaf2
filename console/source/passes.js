// What opens another system: a pass made from the session, in memory only; and the credentials of a program.
import { now } from "./times.js";

const SPARE_MS = 30000;
const KEY = '-H "X-API-Key: $KEY"';

/** System → how its paths begin, and how a program says who it is. All other paths are the first system's. */
const DOORS = {
  relay: { paths: /^\/(relay|admin)\//, program: '-u "$RELAY_ADMIN_USER:$RELAY_ADMIN_PASSWORD"' },
  appevents: { paths: /^\/(app|api)\//, program: KEY },
};

/** The system that wants a pass for this path; undefined for the first one. */
export const doorOf = (path) => Object.keys(DOORS).find((system) => DOORS[system].paths.test(path));
export const programOf = (path) => DOORS[doorOf(path)]?.program ?? KEY;

/** System → the pass as it was asked for, and its end once that is known. */
const passes = new Map();
export const forgetPasses = () => passes.clear();

/**
 * A pass, other than the one that was `refused`. What a poll has asked for is asked anew by a click, so that the session
 * sees who works here.
 */
export function passOf(system, { isPoll }, ask, refused) {
  const kept = passes.get(system);
  if (kept && kept.got !== (refused ?? "") && (isPoll || !kept.isPoll) && !(kept.endsAt - now() < SPARE_MS)) return kept.token;
  const pass = { isPoll };
  pass.token = ask("/console/pass", { params: { system }, isPoll }).then(
    ({ data }) => {
      pass.endsAt = Date.parse(data.expires_at);
      return (pass.got = data.token);
    },
    (error) => {
      passes.delete(system);
      throw error;
    },
  );
  passes.set(system, pass);
  return pass.token;
}

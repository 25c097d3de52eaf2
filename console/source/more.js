// The screens that are rarely opened: a file of its own, which the first of them loads.
import "./app.js"; // It is there already. So all that both need is in the page's script, and in no third file.

export { Audit } from "./audit.js";
export { Banks } from "./banks.js";
export { Connect } from "./connect.js";
export { Ledger } from "./ledger.js";
export { Replays } from "./replays.js";
export { Streams } from "./streams.js";

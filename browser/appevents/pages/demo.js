// GET /app/demo: the offline queue at work.

import { startShell } from "./shell.js";
import { onSession } from "./session.js";
import { $ } from "./dom.js";
import { startWaiting } from "./waiting.js";
import { startOutcomes } from "./outcomes.js";
import { startSend } from "./send.js";
import { startUpload } from "./upload_card.js";

startShell();
startOutcomes();
startWaiting();
startSend();
startUpload();
onSession((session) => {
  $("signed-in").hidden = !session;
});

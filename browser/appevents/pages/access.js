// Who sees the user's own feed: everyone, or anyone with the passcode.

import { $, say, text } from "./dom.js";
import { call, onSession, wordsOf } from "./session.js";

const VISIBILITIES = { public: "everyone", passcode: "passcode" };
const radios = () => [...document.querySelectorAll("#access-form input[name=visibility]")];
const chosenVisibility = () => radios().find((radio) => radio.checked)?.value;

/** Make the card work. */
export function startAccess() {
  radios().forEach((radio) => radio.addEventListener("change", showPasscodeField));
  $("access-form").addEventListener("submit", (event) => {
    event.preventDefault();
    saveAccess();
  });
  $("copy-link").addEventListener("click", async () => {
    const done = await navigator.clipboard.writeText($("my-link").href).then(() => true, () => false);
    text($("copy-link"), done ? "Copied" : "Not copied");
  });
  onSession(readAccess);
}

async function readAccess(session) {
  $("access").hidden = !session;
  if (!session) return;
  $("my-link").href = `feed#owner=${session.userId}`;
  text($("copy-link"), "Copy");
  try {
    showAccess(await call("GET", "/settings/feed-access"));
  } catch (error) {
    text($("access-said"), wordsOf(error));
  }
}

function showAccess({ visibility }) {
  text($("access-now"), VISIBILITIES[visibility]);
  $("access-now").className = `sp pill ${visibility === "public" ? "ok" : "info"}`;
  radios().forEach((radio) => {
    radio.checked = radio.value === visibility;
  });
  $("new-passcode").value = "";
  showPasscodeField();
}

function showPasscodeField() {
  const wanted = chosenVisibility() === "passcode";
  $("new-passcode-field").hidden = !wanted;
  $("new-passcode").required = wanted;
}

async function saveAccess() {
  const visibility = chosenVisibility();
  const passcode = visibility === "passcode" ? { passcode: $("new-passcode").value } : {};
  const said = $("access-said");
  text(said, "");
  try {
    const now = await call("PUT", "/settings/feed-access", { visibility, ...passcode });
    showAccess(now);
    said.className = "small ok";
    text(said, now.applied ? "Saved." : "Saved. It takes effect in a moment.");
    say("Saved.");
  } catch (error) {
    said.className = "small bad";
    text(said, wordsOf(error));
  }
}

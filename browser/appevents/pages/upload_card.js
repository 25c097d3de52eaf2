// The card that uploads a video, and shows each step up to its post.

import { isOnline, onNetwork } from "./network.js";
import { $, el, icon, keep, length, say, text } from "./dom.js";
import { current, onSession } from "./session.js";
import { upload } from "./upload.js";

const STEPS = [
  ["asking", "Ask for an upload URL"],
  ["sending", "Send the file to the object store"],
  ["completing", "Complete the upload"],
  ["processing", "Process the video"],
  ["processed", "It is in your feed"],
];
const TYPES = { mp4: "video/mp4", m4v: "video/mp4", mov: "video/quicktime", webm: "video/webm" };
const NEEDS_CONNECTION = STEPS.slice(0, 3).map(([step]) => step);
let stopping = null, at = null;

/** Make the form work. */
export function startUpload() {
  $("upload").addEventListener("submit", (event) => {
    event.preventDefault();
    runUpload($("file").files[0], $("title").value.trim());
  });
  $("upload-stop").addEventListener("click", () => stopping?.abort());
  onNetwork((online) => {
    if (!online && NEEDS_CONNECTION.includes(at)) stopping?.abort();
  });
  onSession(() => {
    stopping?.abort();
    $("upload-shown").hidden = true;
  });
}

async function runUpload(given, title) {
  const file = withType(given);
  stopping = new AbortController();
  beginUpload();
  at = "asking";
  const show = (step, facts = {}) => {
    at = step;
    showSteps(step, facts.percent ?? null);
  };
  try {
    if (!isOnline()) throw new Error("There is no connection. An upload needs one.");
    show("processed", await upload(file, title, crypto.randomUUID(), show, stopping.signal).then(showPost));
    say("The video is in your feed.");
    $("upload").reset();
  } catch (error) {
    showSteps(at, null, true);
    $("upload-error").hidden = false;
    $("upload-error").textContent = error.message;
  } finally {
    stopping = null;
    $("upload-start").disabled = false;
    $("upload-stop").hidden = true;
  }
}

/** Some systems give a file no type. */
function withType(file) {
  const known = TYPES[file.name.split(".").pop().toLowerCase()];
  return Object.values(TYPES).includes(file.type) || !known ? file : new File([file], file.name, { type: known });
}

function beginUpload() {
  $("upload-start").disabled = true;
  $("upload-stop").hidden = false;
  $("upload-shown").hidden = false;
  $("upload-error").hidden = true;
  $("upload-post").replaceChildren();
}

/** The steps before `at` are done; `at` is under way, done if it is the last, or failed. */
function showSteps(at, percent, failed = false) {
  const now = STEPS.findIndex(([step]) => step === at);
  const last = now === STEPS.length - 1;
  const states = STEPS.map(([step, words], index) => ({
    step,
    words: index === now && percent !== null ? `${words}: ${Math.floor(percent)} %` : words,
    state: index < now || last ? "done" : index > now ? "later" : failed ? "fail" : "now",
  }));
  keep($("upload-steps"), states, ({ step }) => step, stepItem);
  $("upload-progress").hidden = at !== "sending";
  $("upload-progress").value = percent ?? 0;
}

function stepItem() {
  const mark = el("span", { className: "mark" }), words = el("span");
  const made = el("li", {}, mark, words);
  made.show = (item) => {
    if (made.className !== item.state) {
      made.className = item.state;
      mark.replaceChildren(icon({ done: "done", fail: "fail" }[item.state] ?? "wait"));
      if (item.state === "now") say(item.words);
    }
    text(words, item.words);
  };
  return made;
}

function showPost(video) {
  const { thumbnail_url: thumbnail } = video.urls;
  const facts = video.metadata;
  $("upload-post").replaceChildren(
    el("a", { className: "made", href: `feed#owner=${current()?.userId}&post=${video.post_id}` },
      el("img", { src: thumbnail, alt: "", width: 160 }),
      el("span", {}, el("b", {}, video.title || video.filename), el("br"),
        el("span", { className: "soft small num" }, `${length(facts.duration_ms)} · ${facts.width} × ${facts.height}`),
        el("br"), el("u", {}, "Watch it in the feed"))));
}

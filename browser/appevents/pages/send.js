// The form that sends an event: some kinds succeed, and two do not.

import { $, el, say } from "./dom.js";
import { tell } from "./telling.js";
import { onSession } from "./session.js";

const KINDS = [
  {
    name: "Note on a machine", type: "machine.note.saved", label: "Note", example: "Seat on 4",
    hint: "The service machine keeps it.",
    data: (body) => ({ machine_id: "leg-press-2", body }),
  },
  {
    name: "Training program", type: "program.created", label: "Name", example: "Squats, twice a week",
    hint: "The service program keeps it.",
    data: (name) => ({ name }),
  },
  {
    name: "My name", type: "user.settings.submitted", label: "Name", example: "Ada",
    hint: "The service settings keeps it. A later name replaces it.",
    data: (name) => ({ display_name: name }),
  },
  {
    name: "Comment on no post", type: "comment.created", label: "Comment", example: "Nice!",
    hint: "The API accepts it. The service video rejects it: there is no such post.",
    data: (body) => ({ post_id: crypto.randomUUID(), body }),
  },
  {
    name: "Something unknown", type: "no.such.type", label: "Text", example: "Hm",
    hint: "The API refuses it. It stays in the queue until you discard it.",
    data: (words) => ({ text: words }),
  },
];

/** Make the form work. */
export function startSend() {
  const kinds = KINDS.map((kind, index) => el("option", { value: index }, `${kind.name}: ${kind.type}`));
  $("kind").append(...kinds);
  $("kind").addEventListener("change", showKind);
  $("send").addEventListener("submit", (event) => {
    event.preventDefault();
    sendKind([$("text").value]);
  });
  $("send-ten").addEventListener("click", () =>
    sendKind(Array.from({ length: 10 }, (_, index) => `${$("text").value} ${index + 1}`)));
  onSession(showKind);
}

const chosenKind = () => KINDS[$("kind").value || 0];

function showKind() {
  const kind = chosenKind();
  $("text-label").textContent = kind.label;
  $("kind-hint").textContent = kind.hint;
  $("text").value = kind.example;
}

async function sendKind(texts) {
  const kind = chosenKind();
  $("send-error").textContent = "";
  try {
    for (const words of texts) await tell(kind.type, kind.data(words.trim()));
    say(`${texts.length === 1 ? kind.name : `${texts.length} events`}: safe in this browser.`);
  } catch (error) {
    $("send-error").textContent = `Not saved: ${error.message}`;
  }
}

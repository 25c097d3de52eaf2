// The comments on a post: read them, write one, delete one's own.

import { ago, el, keep, say, short, text } from "./dom.js";
import { call, current, feedAccess, wordsOf } from "./session.js";
import { isOnline } from "./network.js";
import { settled, tell } from "./telling.js";

/** The list and the form. `counted(number)` is told how many there are by now. */
export function commentsOf(post, counted) {
  const list = el("ul", { className: "said", "aria-label": "Comments" });
  const note = el("p", { className: "soft small", role: "status" });
  const more = el("button", { type: "button", className: "quiet", hidden: true }, "More comments");
  const body = el("input", { maxLength: 2000, autocomplete: "off", required: true, "aria-label": "Your comment", placeholder: "Say something" });
  const form = el("form", { className: "row write" }, body, el("button", { className: "primary" }, "Comment"));
  const place = el("div", { className: "stack" }, list, more, form, note);
  let comments = [], mine = [], cursor = null;

  async function read(after) {
    try {
      const query = after ? `?cursor=${encodeURIComponent(after)}` : "";
      const page = await call("GET", `/posts/${post.post_id}/comments${query}`, null, feedAccess(post.owner_id));
      comments = after ? [...comments, ...page.comments] : page.comments;
      cursor = page.next_cursor;
      text(note, comments.length + mine.length ? "" : "No comments yet.");
    } catch (error) {
      text(note, wordsOf(error));
    }
    show();
  }

  function show() {
    const known = new Set(comments.map((comment) => comment.comment_id));
    mine = mine.filter((comment) => !known.has(comment.comment_id));
    const flat = comments.flatMap((comment) => [comment, ...comment.replies]);
    keep(list, [...flat, ...mine], (comment) => comment.comment_id, (comment) => commentItem(comment, erase));
    more.hidden = !cursor;
  }

  async function write(words) {
    const data = { post_id: post.post_id, body: words };
    const id = await tell("comment.created", data);
    const draft = { comment_id: id, user_id: current().userId, body: words, depth: 1, draft: true, reply_count: 0 };
    mine.push(draft);
    text(note, isOnline() ? "" : "Kept in this browser. It is sent when you are online.");
    show();
    const state = await settled(id);
    if (state.status === "processed") {
      Object.assign(draft, { draft: false, created_at: state.outcome.data.created_at });
      say("Your comment is shown.");
      await refreshCount();
    } else {
      draft.failed = state.reason;
      say("Your comment was rejected.");
    }
    show();
  }

  async function erase(comment) {
    if (comment.failed) mine = mine.filter((each) => each !== comment);
    else {
      const state = await settled(await tell("comment.deleted", { comment_id: comment.comment_id }));
      if (state.status !== "processed") return text(note, `Rejected: ${state.reason}`);
      mine = mine.filter((each) => each.comment_id !== comment.comment_id);
      await read();
      await refreshCount();
    }
    show();
    body.focus();
  }

  async function refreshCount() {
    const now = await call("GET", `/posts/${post.post_id}`, null, feedAccess(post.owner_id)).catch(() => null);
    if (now) counted(now.comment_count);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = body.value.trim();
    if (!current()) return text(note, "Sign in first.");
    if (!words) return;
    body.value = "";
    write(words).catch((error) => text(note, `Not saved: ${error.message}`));
  });
  more.addEventListener("click", () => read(cursor));
  text(note, "Loading…");
  read();
  return place;
}

function commentItem(first, erase) {
  const body = el("p"), facts = el("span", { className: "soft small" });
  const gone = el("button", { type: "button", className: "quiet small" }, "Delete");
  const made = el("li", { className: `depth-${Math.min(first.depth, 3)}` }, body, el("div", { className: "row" }, facts, gone));
  let comment = first;
  gone.addEventListener("click", () => erase(comment));
  made.show = (now) => {
    comment = now;
    text(body, now.deleted ? "This comment was deleted." : now.body);
    body.className = now.deleted || now.draft ? "soft" : "";
    text(facts, factsOf(now));
    facts.className = now.failed ? "bad small" : "soft small";
    gone.hidden = (now.draft && !now.failed) || now.deleted || now.user_id !== current()?.userId;
    gone.setAttribute("aria-label", `${now.failed ? "Discard" : "Delete"} your comment: ${now.body ?? ""}`);
    text(gone, now.failed ? "Discard" : "Delete");
  };
  return made;
}

function factsOf(comment) {
  if (comment.failed) return `Rejected: ${comment.failed}`;
  if (comment.draft) return isOnline() ? "on its way" : "waits in this browser";
  const further = comment.reply_count > (comment.replies?.length ?? 0) && comment.depth === 1 ? ` · ${comment.reply_count} replies` : "";
  const who = comment.user_id ? (comment.user_id === current()?.userId ? "you" : short(comment.user_id)) : "somebody";
  return `${who} · ${ago(comment.created_at)}${further}`;
}

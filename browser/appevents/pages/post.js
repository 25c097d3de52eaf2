// One post: its video, likes, and the way to its comments.

import { ago, el, icon, length, say, short, text } from "./dom.js";
import { call, current, feedAccess, wordsOf } from "./session.js";
import { settled, tell } from "./telling.js";
import { commentsOf } from "./comments.js";

/** A list item with a method `show(post)`. `removed(id)` is called when the post is deleted. */
export function postItem(first, removed) {
  let post = first;
  const id = first.post_id;
  const stage = el("div", { className: "stage" });
  const title = first.title || "Untitled";
  const facts = el("span", { className: "soft small num" });
  const like = el("button", { type: "button", className: "like" }), error = el("span", { className: "bad small", role: "alert" });
  const open = el("button", { type: "button", "aria-expanded": "false" });
  const erase = el("button", { type: "button", className: "quiet", hidden: true, "aria-label": `Delete ${title}` }, "Delete");
  const place = el("div", { className: "comments over pad stack", hidden: true });
  const made = el("li", { className: "card post" }, stage,
    el("div", { className: "pad stack" },
      el("div", {}, el("h2", {}, title), facts),
      el("div", { className: "row" }, like, open, erase, error)), place);
  showThumbnail(stage, first, title);

  let pending = 0;
  like.addEventListener("click", async () => {
    const wanted = !post.liked;
    pending += 1;
    show({ ...post, liked: wanted, like_count: post.like_count + (wanted ? 1 : -1) });
    await act(wanted ? "interaction.liked" : "interaction.unliked", { target_type: "post", target_id: id }, (answer) => {
      if (pending === 1) show({ ...post, liked: answer.liked, like_count: answer.like_count });
    });
    pending -= 1;
  });
  erase.addEventListener("click", () => {
    if (confirm(`Delete “${title}”, with its comments?`)) act("feed.post.delete_requested", { post_id: id }, () => removed(id));
  });
  open.addEventListener("click", () => {
    place.hidden = !place.hidden;
    open.setAttribute("aria-expanded", String(!place.hidden));
    if (!place.hidden && !place.firstChild) place.append(commentsOf(post, (number) => show({ ...post, comment_count: number })));
  });

  async function act(type, data, then) {
    text(error, "");
    if (!current()) return text(error, "Sign in first.");
    try {
      const state = await settled(await tell(type, data));
      if (state.status === "processed") then(state.outcome.data);
      else text(error, `Rejected: ${state.reason}`);
    } catch (failure) {
      text(error, `Not saved: ${failure.message}`);
    }
  }

  function show(now) {
    post = now;
    facts.replaceChildren(
      el("a", { href: `feed#owner=${now.owner_id}`, "aria-label": `Videos of ${short(now.owner_id)}` }, short(now.owner_id)),
      ` · ${ago(now.created_at)} · ${length(now.duration_ms)}`);
    like.setAttribute("aria-pressed", String(now.liked));
    like.replaceChildren(icon("heart"), String(now.like_count));
    like.setAttribute("aria-label", `Like ${title}; ${now.like_count} so far`);
    text(open, now.comment_count === 1 ? "1 comment" : `${now.comment_count} comments`);
    erase.hidden = now.owner_id !== current()?.userId;
  }
  made.show = (now) => {
    if (!pending) show(now);
  };
  return made;
}

function showThumbnail(stage, post, title) {
  const image = el("img", { src: post.thumbnail_url, alt: "", loading: "lazy" });
  const play = el("button", { type: "button", className: "play", "aria-label": `Play ${title}` }, image, el("span", { className: "disc" }, icon("play")));
  stage.style.aspectRatio = `${post.width} / ${post.height}`;
  stage.replaceChildren(play);
  play.addEventListener("click", () => showVideo(stage, post, title));
}

/** URLs are good for a quarter of an hour, so one that fails is asked for anew, once. */
function showVideo(stage, post, title) {
  const video = el("video", { src: post.video_url, poster: post.thumbnail_url, controls: true, autoplay: true, playsInline: true, "aria-label": title });
  video.addEventListener("error", async () => {
    try {
      const now = await call("GET", `/posts/${post.post_id}`, null, feedAccess(post.owner_id));
      video.addEventListener("error", () => failed(stage, "This video cannot be played."));
      video.src = now.video_url;
    } catch (error) {
      failed(stage, wordsOf(error));
    }
  }, { once: true });
  stage.replaceChildren(video);
  video.focus();
  say(`Playing ${title}`);
}

function failed(stage, words) {
  stage.replaceChildren(el("p", { className: "pad", role: "alert" }, words));
}

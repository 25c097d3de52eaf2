// GET /app/feed: watch, like, comment; everyone's feed, one's own, and one behind a passcode.

import { startShell } from "./shell.js";
import { isOnline } from "./network.js";
import { $, keep, say, short, text } from "./dom.js";
import { Refused, call, current, feedAccess, keepFeedAccess, onSession, wordsOf } from "./session.js";
import { queue } from "./telling.js";
import { postItem } from "./post.js";
import { startAccess } from "./access.js";

const LOOK_EVERY = 15_000, PAGE = 10;
let owner = null, single = null;
let posts = [], fresh = [], cursor = null, feedTimer = null, turn = 0;

const headers = () => feedAccess(owner);
const path = (after) =>
  `/feed${owner ? `/${encodeURIComponent(owner)}` : ""}?limit=${PAGE}${after ? `&cursor=${encodeURIComponent(after)}` : ""}`;

/** Which feed, or which post of it, the address asks for. Fragments of other kinds change nothing. */
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const isOurs = asked.has("owner") || asked.has("post") || ["", "#all"].includes(location.hash);
  if (isOurs) [owner, single] = [asked.get("owner"), asked.get("post")];
  return isOurs;
}

function openFeed() {
  posts = [];
  fresh = []; // of the former feed, or of a user who has signed out
  cursor = null;
  $("posts").replaceChildren();
  $("passcode").value = "";
  text($("unlock-error"), "");
  showWhose();
  return loadFeed();
}

async function loadFeed() {
  const mine = ++turn;
  noteFeed("");
  $("locked").hidden = true;
  try {
    const page = await readFeed();
    if (mine !== turn) return;
    posts = page.posts;
    cursor = page.next_cursor;
    fresh = [];
    showPosts();
  } catch (error) {
    if (mine === turn) refused(error);
  }
  lookAgain();
}

async function readFeed() {
  if (!single) return call("GET", path(), null, headers());
  return { posts: [await call("GET", `/posts/${encodeURIComponent(single)}`, null, headers())], next_cursor: null };
}

function refused(error) {
  const locked = error instanceof Refused && error.reason === "feed_access_required";
  const unknown = locked || (error instanceof Refused && error.status === 401);
  if (unknown) {
    posts = [];
    showPosts();
    $("feed-empty").hidden = true;
  }
  if (locked && owner) {
    keepFeedAccess(owner, "");
    $("locked").hidden = false;
    $("passcode").focus();
  } else if (locked) noteFeed("This video is in a feed behind a passcode. Open that feed first.");
  else if (unknown) noteFeed("Sign in to open this feed.");
  else noteFeed(`${wordsOf(error)}${posts.length ? " What is shown may be old." : ""}`);
}

function noteFeed(words) {
  $("feed-note").hidden = !words;
  text($("feed-note"), words);
}

function showPosts() {
  keep($("posts"), posts, (post) => post.post_id, (post) => postItem(post, remove));
  $("feed-empty").hidden = posts.length > 0;
  $("feed-more").hidden = !cursor;
  $("feed-new").hidden = fresh.length === 0;
  text($("feed-new"), fresh.length === 1 ? "Show a new video" : `Show ${fresh.length} new videos`);
}

function remove(id) {
  posts = posts.filter((post) => post.post_id !== id);
  showPosts();
  $("main").focus();
}

/** Counts change in place; new videos wait for a click, so that nothing moves under the reader. */
async function lookForNew() {
  if (isOnline() && !document.hidden && $("locked").hidden && !single) {
    const mine = turn;
    try {
      const page = await readFeed();
      if (mine !== turn) return;
      const now = new Map(page.posts.map((post) => [post.post_id, post]));
      const oldest = posts.at(-1)?.created_at ?? "";
      fresh = page.posts.filter((post) => post.created_at > oldest && !posts.some((p) => p.post_id === post.post_id));
      // What is missing among the newest is deleted, or its feed is public no more.
      const edge = page.next_cursor ? page.posts.at(-1).created_at : "";
      posts = posts.filter((post) => now.has(post.post_id) || post.created_at < edge);
      posts = posts.map((post) => now.get(post.post_id) ?? post);
      noteFeed("");
      showPosts();
    } catch (error) {
      refused(error);
    }
  }
  lookAgain();
}

function lookAgain() {
  clearTimeout(feedTimer);
  feedTimer = setTimeout(lookForNew, LOOK_EVERY);
}

function showWhose() {
  const me = current()?.userId;
  const mine = owner !== null && owner === me;
  const title = single ? "One video" : !owner ? "Everyone’s videos" : mine ? "My videos" : `Videos of ${short(owner)}`;
  text($("feed-title"), title);
  text($("feed-empty"), mine || !owner ? "No videos yet. Upload one on the page Queue." : "This feed is empty.");
  $("of-me").hidden = !me;
  $("of-me").href = `#owner=${me}`;
  for (const [id, here] of [["of-all", !owner && !single], ["of-me", mine]]) {
    if (here) $(id).setAttribute("aria-current", "page");
    else $(id).removeAttribute("aria-current");
  }
}

$("of-user").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `owner=${$("owner").value.trim().toLowerCase()}`;
});
$("feed-new").addEventListener("click", () => {
  posts = [...fresh, ...posts];
  fresh = [];
  showPosts();
  $("posts").querySelector("button, a")?.focus();
});
$("feed-more").addEventListener("click", async () => {
  try {
    const page = await call("GET", path(cursor), null, headers());
    posts = [...posts, ...page.posts];
    cursor = page.next_cursor;
    showPosts();
  } catch (error) {
    noteFeed(wordsOf(error));
  }
});
$("unlock").addEventListener("submit", async (event) => {
  event.preventDefault();
  text($("unlock-error"), "");
  try {
    const { access_token: token } = await call("POST", `/feed/${encodeURIComponent(owner)}/access`, { passcode: $("passcode").value });
    keepFeedAccess(owner, token);
    $("passcode").value = "";
    say("The feed is open.");
    await loadFeed();
    $("main").focus();
  } catch (error) {
    text($("unlock-error"), error.reason === "denied" ? "That is not the passcode." : wordsOf(error));
  }
});

startShell();
readAddress();
addEventListener("hashchange", () => readAddress() && openFeed());
startAccess();
onSession(() => {
  queue.resume();
  openFeed();
});
addEventListener("online", loadFeed);
addEventListener("offline", () => noteFeed("Offline. What is shown may be old; likes and comments wait in the queue."));

// What both pages have: the header with its links, the theme, who is signed in, and signing in.

import { onNetwork } from "./network.js";
import { $, el, short } from "./dom.js";
import { queue } from "./telling.js";
import { current, onSession, signIn, signInByAddress, signOut } from "./session.js";

const PAGES = [["demo", "Queue"], ["feed", "Feed"]];
const THEMES = [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]];

/** Draw the header, and the form to sign in where nobody is. */
export function startShell() {
  const who = el("span", { className: "who" });
  const count = el("a", { className: "pill warn num", href: "demo", hidden: true });
  $("header").append(
    el("span", { className: "brand" }, "Fintegrate"),
    el("nav", { className: "pages", "aria-label": "Pages" }, ...PAGES.map(link)),
    count,
    el("span", { className: "right" }, el("span", { className: "offline-chip" }), themes(), who),
  );
  const chip = document.querySelector(".offline-chip");
  onNetwork((online) => {
    chip.textContent = online ? "" : "offline";
  });
  const wrong = signInByAddress();
  addEventListener("hashchange", () => said(signInByAddress()));
  onSession((session, why) => {
    endInTime(session);
    showWho(who, session);
    showSignIn(session, why || wrong);
  });
  queue.on("change", ({ pending, stalled }) => showWaiting(count, pending + stalled));
}

let ending = null;

/** A page that stays open for longer than its token is good asks for a new one. */
function endInTime(session) {
  clearTimeout(ending);
  if (!session) return;
  const wait = Math.min(session.expiresAt - Date.now(), 2 ** 31 - 1);
  ending = setTimeout(() => (current() ? endInTime(current()) : signOut("Your token has expired.")), wait);
}

function link([page, words]) {
  const here = location.pathname.endsWith(`/${page}`);
  return el("a", { href: page, "aria-current": here ? "page" : undefined }, words);
}

function themes() {
  const chosen = document.documentElement.dataset.theme;
  const options = THEMES.map(([value, words]) => el("option", { value, selected: value === chosen }, words));
  const select = el("select", { "aria-label": "Theme" }, ...options);
  select.addEventListener("change", () => {
    document.documentElement.dataset.theme = select.value;
    localStorage.setItem("theme", select.value);
  });
  return select;
}

function showWaiting(count, number) {
  count.hidden = number === 0;
  count.textContent = `${number} waiting`;
}

function showWho(place, session) {
  const button = el("button", { type: "button", className: "quiet" }, session ? "Sign out" : "Sign in");
  button.addEventListener("click", () => (current() ? signOut() : $("token").focus()));
  place.replaceChildren(button);
  if (!session) return;
  const name = session.name || "User";
  button.before(el("b", {}, name), " ", el("code", { title: session.userId }, short(session.userId)));
}

function showSignIn(session, why) {
  const place = $("sign-in");
  place.replaceChildren();
  if (session) return;
  const token = el("input", {
    id: "token", type: "password", autocomplete: "off", required: true, "aria-describedby": "token-hint token-error",
  });
  const form = el(
    "form", { className: "card pad stack signin" },
    el("h2", {}, "Sign in"),
    el("div", { className: "field" }, el("label", { for: "token" }, "Token"), token,
      el("span", { id: "token-hint", className: "soft small" },
        el("code", {}, "source .local/env; echo $APP_TOKEN_ALICE"), " prints Alice’s token. ",
        el("code", {}, "make token"), " prints one for a new user. The token is kept in this tab only, ",
        "and is gone when the tab is closed.")),
    el("div", { className: "row" }, el("button", { className: "primary" }, "Sign in"),
      el("span", { id: "token-error", className: "bad small", role: "alert" }, why)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      signIn(token.value);
      $("main").focus();
    } catch (error) {
      said(error.message);
    }
  });
  place.append(form);
}

function said(words) {
  const place = $("token-error");
  if (place && words && !current()) place.textContent = words;
}

// What stands around each screen: header, search, screens of the system, keys, the line that is read aloud.
import { address, go, href, link } from "./address.js";
import { ask } from "./api.js";
import { Icon } from "./icons.js";
import { useKeys } from "./keys.js";
import { connection, isPaused } from "./live.js";
import { overview, useOverview } from "./overview.js";
import { prefer, preferences } from "./preferences.js";
import { session, signOut } from "./session.js";
import { at, say, screensHere, system, systems } from "./systems.js";
import { skew, zoneName } from "./times.js";
import { Dialog, Note, Said } from "./ui.js";
import { html, useEffect, useRef, useState } from "./view.js";
import * as W from "./words.js";

const SEARCH_MS = 250;
const SPOKEN_MS = 10000;
const THEMES = ["auto", "light", "dark"];

const nextTheme = () => THEMES[(THEMES.indexOf(preferences.get().theme) + 1) % THEMES.length];
const togglePause = () => isPaused.set(!isPaused.get());
const toggleZone = () => prefer({ zone: preferences.get().zone === "utc" ? "local" : "utc" });

export function Shell({ children }) {
  const { screen } = address.use();
  const [isHelp, setHelp] = useState(false);
  preferences.use();
  const off = skew.use();
  useOverview(screen === "now" || screen === "connect");
  useKeys({
    "/": () => document.querySelector("#search").focus(),
    p: togglePause,
    u: toggleZone,
    "?": () => setHelp(true),
    ...Object.fromEntries(screensHere().filter(([, { letter }]) => letter).map(([name, { letter }]) => [`g ${letter}`, () => go(name)])),
  });
  const skip = (event) => {
    event.preventDefault();
    document.querySelector("#main").focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>${W.skip}</a>
    <${Header} help=${() => setHelp(true)} />
    <div class="frame"><${Rail} screen=${screen} /><main id="main" tabindex="-1">${off !== 0 && html`<${Note} info>${W.skewed(Math.round(off / 1000))}<//>`}${children}</main></div>
    <${Spoken} />${isHelp && html`<${Help} close=${() => setHelp(false)} />`}`;
}

function Header({ help }) {
  const { stage, actor, consumer_name: name, is_admin: isAdmin, read_only: isReadOnly } = session.get();
  const all = systems();
  const { theme } = preferences.get();
  return html`<header><a class="brand" href=${link("now", {}, "")}>${W.brand}</a>${stage && html`<span class="env">${stage}</span>`}
    ${all.length > 1 && html`<nav class="systems" aria-label=${W.systems}>${all.map((each, index) => html`<a aria-current=${each === system() ? "true" : undefined} href=${link("now", {}, index ? each.name : "")}>${W.systemNames[each.name] ?? each.title}</a>`)}</nav>`}
    <${Search} />
    <div class="right row"><${Live} />
      <button class="quiet" aria-label=${W.zoneLabel(zoneName())} title=${W.zoneLabel(zoneName())} onClick=${toggleZone}>${zoneName()}</button>
      <button class="quiet t" aria-label=${W.themeLabel(W.theme[theme])} title=${W.themeLabel(W.theme[theme])} onClick=${() => prefer({ theme: nextTheme() })}><${Icon} name="half" /><span class="full"> ${W.theme[theme]}</span></button>
      <button class="quiet" aria-label=${W.help} title=${W.help} onClick=${help}>?</button>
      <button class="quiet" onClick=${signOut}>${W.signOut}</button></div>
    <div class="who" title=${actor ? W.claimed : undefined}><${Said}>${actor || name}<//> <span class="soft">${[isAdmin ? W.administrator : actor && name, isReadOnly && W.looksOnly].filter(Boolean).join(" · ")}</span></div></header>`;
}

function Live() {
  const paused = isPaused.use();
  const { state } = connection.use();
  const shown = paused ? "paused" : state;
  const [icon, tone] = { live: ["done", "ok"], paused: ["held", "warn"], away: ["fail", "bad"], slow: ["wait", "warn"] }[shown];
  return html`<button class="quiet livechip ${tone}" aria-pressed=${String(paused)} title=${W.pause} onClick=${togglePause}><${Icon} name=${icon} /><span class="full">${W.connection[shown] ?? shown}</span></button>`;
}

function Rail({ screen }) {
  const { data } = overview.use();
  const failed = data?.pipeline.failed;
  const counts = data && {
    now: data.attention.filter(({ level }) => level !== "info").length,
    failures: Object.values(failed ?? {}).reduce((sum, each) => sum + (each ?? 0), 0),
  };
  const within = { event: "events", lane: "events", bank: "banks" }[screen] ?? screen;
  return html`<nav class="rail" aria-label=${W.sections}>${screensHere().filter(([name, { hidden }]) => !hidden && !(name === "connect" && session.get().is_admin)).map(([name, { letter }]) => html`<a href=${link(name)} aria-current=${name === within ? "page" : undefined}><span>${say("screens", name)}</span>${counts?.[name] ? html`<span class="count">${counts[name].toLocaleString("en")}</span>` : letter && html`<kbd aria-hidden="true">g ${letter}</kbd>`}</a>`)}</nav>`;
}

/** A hit's title, which has states and types as the API calls them. */
const inWords = (title) => title.replace(/\w+_\w+|\w+(?=$)/g, (name) => W.types[name] ?? W.states[name] ?? name);

function Search() {
  const [text, setText] = useState("");
  const [hits, setHits] = useState(null);
  const place = useRef();
  useEffect(() => {
    const wanted = text.trim();
    setHits(null);
    if (!wanted) return undefined;
    const control = new AbortController();
    const timer = setTimeout(() => ask(at("/events/search"), { params: { q: wanted }, signal: control.signal }).then(({ data }) => setHits(data.hits), (error) => control.signal.aborted || setHits({ fault: error.message })), SEARCH_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text]);
  const close = () => setText("");
  const links = () => [...place.current.querySelectorAll("li a")];
  const onKeyDown = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
      document.querySelector("#search").blur();
    }
    if (event.key === "Enter" && event.target.id === "search") links()[0]?.click();
    if (!by) return;
    event.preventDefault();
    const all = links();
    (all[all.indexOf(document.activeElement) + by] ?? document.querySelector("#search")).focus();
  };
  const isEmpty = Array.isArray(hits) && !hits.length;
  return html`<search class="search" ref=${place} onKeyDown=${onKeyDown}><label class="hide" for="search">${W.searchLabel}</label><input id="search" type="search" maxlength="200" autocomplete="off" spellcheck=${false} placeholder=${say("search")} value=${text} onInput=${(event) => setText(event.target.value)} /><kbd aria-hidden="true">/</kbd>
    ${hits && html`<div class="hits card"><p class="small soft" role="status">${hits.fault ?? (isEmpty ? W.nothingFound : W.results(hits.length))}</p>${Array.isArray(hits) && html`<ul>${hits.map((hit) => html`<li><a href=${href(hit.link)} onClick=${close}><span class="soft small">${hit.kind}</span> <${Said}>${hit.kind === "bank" ? hit.title : inWords(hit.title)}<//></a></li>`)}</ul>`}</div>`}</search>`;
}

/** What needs attention, said at most every ten seconds and only when it changed. */
function Spoken() {
  const { data } = overview.use();
  const sentence = data?.verdict.sentence ?? "";
  const [said, setSaid] = useState("");
  const last = useRef(0);
  useEffect(() => {
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSaid(sentence);
    }, Math.max(0, last.current + SPOKEN_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [sentence]);
  return html`<div class="hide" aria-live="polite">${said}</div>`;
}

function Help({ close }) {
  const { keys } = preferences.use();
  return html`<${Dialog} label=${W.keysTitle} close=${close}>
    <dl class="keys">${W.keyWords.map(([key, words]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`)}</dl>
    <label class="check"><input type="checkbox" data-first checked=${keys} onChange=${(event) => prefer({ keys: event.target.checked })} /> ${W.keysOn}</label><//>`;
}

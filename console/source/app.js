// The console: who is signed in, and the screen that the address names.
import { address, link } from "./address.js";
import { ActDialog } from "./act_dialog.js";
import { openedAct } from "./acts.js";
import { Refusal } from "./api.js";
import { Event } from "./event.js";
import { Events } from "./events.js";
import { Failures } from "./failures.js";
import { Lane } from "./lane.js";
import { askEarly, forget } from "./live.js";
import { Now } from "./now.js";
import { idOf } from "./overview.js";
import { preferences } from "./preferences.js";
import { isOver, look, session } from "./session.js";
import { Shell } from "./shell.js";
import { SignIn, SignInAgain } from "./signin.js";
import { isFirst, say, screensHere } from "./systems.js";
import { Empty, Loading, Trouble } from "./ui.js";
import { html, render, useEffect, useLayoutEffect, useRef, useState, watched } from "./view.js";
import * as W from "./words.js";

const DRAWN = { now: Now, events: Events, event: Event, lane: Lane, failures: Failures };
/** Screen → what draws it, in the file that comes with the first of them. */
const FURTHER = { connect: "Connect", replays: "Replays", banks: "Banks", bank: "Banks", streams: "Streams", ledger: "Ledger", audit: "Audit" };
const further = watched({});

function App() {
  const who = session.use();
  const ended = isOver.use();
  const act = openedAct.use();
  const [error, setError] = useState(null);
  const begin = () => {
    setError(null);
    if (preferences.get().signedIn && !address.get().system) askEarly("/overview");
    look().catch((fault) => fault.kind !== "over" && setError(fault));
  };
  useLayoutEffect(begin, []);
  useEffect(() => {
    if (who === null) forget();
  }, [who]);
  if (error && !who) return html`<main class="alone"><${Trouble} error=${error} again=${begin} /></main>`;
  if (who === undefined) return html`<main class="alone"><${Loading} /></main>`;
  if (who === null) return html`<${SignIn} />`;
  return html`<${Shell} key=${who.consumer_id}><${Screen} /><//>${act && act.openedBy === who.consumer_id && html`<${ActDialog} key=${act.key} act=${act} />`}${ended && html`<${SignInAgain} />`}`;
}

function Screen() {
  const { screen, system, params } = address.use();
  const place = `${system}/${screen}`;
  const before = useRef(place);
  const isKnown = isFirst() === !system;
  const isHere = isKnown && screensHere().some(([name]) => name === screen);
  const Drawn = isHere && (DRAWN[screen] ?? (FURTHER[screen] && Further));
  useEffect(() => {
    document.title = [say("screens", screen), !isFirst() && W.systemNames[system], W.brand].filter(Boolean).join(" · ");
    if (before.current === place) return;
    before.current = place;
    scrollTo(0, 0);
    focusHead();
  }, [place]);
  const { consumer } = params;
  const [unknown, setUnknown] = useState(null);
  useEffect(() => {
    if (consumer === undefined) return;
    idOf(consumer).then((id) => (id ? location.replace(link(screen, { ...params, consumer: null, consumer_id: id })) : setUnknown(consumer)), () => setUnknown(consumer));
  }, [consumer]);
  if (Drawn && consumer !== undefined && unknown !== consumer) return html`<${Loading} />`;
  if (!Drawn) return html`<section class="card"><${Empty} title=${W.noScreen(screen)}><a href=${link("now")}>${W.toNow}</a><//></section>`;
  return html`<${Drawn} key=${place} name=${FURTHER[screen]} />`;
}

const focusHead = () => (document.querySelector("main h1") ?? document.querySelector("main")).focus({ preventScroll: true });

/** A screen of `more.js`. After a deployment an old page finds it no more, and a new page does. */
function Further({ name }) {
  const { screens, error } = further.use();
  useEffect(() => {
    if (screens) return;
    const failed = () => further.set({ error: new Refusal("refused", W.notLoaded) });
    import("./more.js").then((more) => further.set({ screens: more }), failed);
  }, []);
  useLayoutEffect(() => {
    if (screens && document.activeElement?.id === "main") focusHead();
  }, [screens]);
  if (error) return html`<${Trouble} error=${error} again=${() => location.reload()} />`;
  return screens ? html`<${screens[name]} />` : html`<${Loading} />`;
}

render(html`<${App} />`, document.getElementById("app"));

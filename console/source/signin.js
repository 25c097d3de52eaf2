// Signing in: the key is sent once and not kept. Over a view whose session ended it is a dialog.
import { preferences, prefer } from "./preferences.js";
import { isOver, signIn } from "./session.js";
import { Dialog, Fault, Field, Note } from "./ui.js";
import { html, useEffect, useRef, useState } from "./view.js";
import * as W from "./words.js";

export function SignIn() {
  return html`<main class="alone" id="main"><section class="card signin"><div class="pad stack"><h1 tabindex="-1"><span class="brand">${W.brand}</span> ${W.signIn}</h1><${Form} /></div></section></main>`;
}

export function SignInAgain() {
  return html`<${Dialog} label=${W.signIn}><${Note} role="alert">${W.sessionOver}<//><${Form} /><//>`;
}

function Form() {
  const [key, setKey] = useState("");
  const [actor, setActor] = useState(preferences.get().actor);
  const [isReadOnly, setReadOnly] = useState(false);
  const [fault, setFault] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const place = useRef();
  useEffect(() => place.current?.querySelector("input")?.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    if (isBusy || !key.trim()) return;
    setBusy(true);
    try {
      await signIn(key.trim(), actor.trim(), isReadOnly);
      prefer({ actor: actor.trim() });
      setKey("");
      isOver.set(false);
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="stack" ref=${place} onSubmit=${submit} autocomplete="off">
    <${Field} label=${W.key} hint=${W.keyHint}>${(id, more) => html`<input id=${id} ...${more} type="password" autocomplete="off" spellcheck=${false} value=${key} onInput=${(event) => setKey(event.target.value)} />`}<//>
    <${Field} label=${W.actor} hint=${W.actorHint}>${(id, more) => html`<input id=${id} ...${more} maxlength="64" autocomplete="name" value=${actor} onInput=${(event) => setActor(event.target.value)} />`}<//>
    <label class="check"><input type="checkbox" checked=${isReadOnly} onChange=${(event) => setReadOnly(event.target.checked)} /> ${W.readOnly}</label>
    <${Fault} error=${fault} />
    <button class="primary" disabled=${isBusy}>${isBusy ? W.signingIn : W.signIn}</button>
  </form>`;
}

/** Writing: the draft of each session is kept in the browser until it is sent. */

import { byId } from "./dom.js";
import { keep, kept } from "./keep.js";
import { send } from "./outbox.js";
import { perform } from "./socket.js";
import { changed, shownSession, state, subscribe } from "./state.js";
import { statusOf, statusWords } from "./status.js";
import { toast } from "./toasts.js";

const LIMIT = 64 * 1024;
const grows = CSS.supports("field-sizing", "content");

let place = null;
let activity = "";

function draftName() {
  return `draft.${state.route.name === "session" ? state.route.id : "new"}`;
}

function grow() {
  if (grows) return;
  const box = byId("composer");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * 0.4)}px`;
}

function write(text) {
  byId("composer").value = text;
  grow();
  showReady();
}

function showReady() {
  document.querySelector(".send").disabled = byId("composer").value.trim() === "";
}

/** Put words into the composer, for the person to change and send. */
export function putInComposer(text) {
  write(text);
  keep(draftName(), text);
  const box = byId("composer");
  box.focus();
  box.setSelectionRange(text.length, text.length);
}

function submit() {
  const box = byId("composer");
  const text = box.value.trim();
  if (!text) return;
  const size = new TextEncoder().encode(text).length;
  if (size > LIMIT) {
    toast(`This is ${Math.ceil(size / 1024)} KiB long; 64 KiB fit in one message. Send it in parts.`, "error");
    return;
  }
  send(state.route.name === "session" ? state.route.id : null, text);
  keep(draftName(), null);
  write("");
  box.focus();
  changed("written");
}

function onKey(event) {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
}

function placeholder(session) {
  if (session?.state === "ended") return "Write here to reopen this session";
  return session ? "Write to the agent" : "What needs doing?";
}

/** Let one write at once; on a touch screen that would put the keyboard over what one came to read. */
function begin() {
  if (["home", "session"].includes(state.route.name) && matchMedia("(pointer: fine)").matches) byId("composer").focus();
}

function render() {
  const now = draftName();
  const session = shownSession();
  if (now !== place) {
    place = now;
    write(kept(now) ?? "");
    begin();
  }
  byId("composer").placeholder = placeholder(session);
  renderActivity(session);
}

function renderActivity(session) {
  const word = session ? statusOf(session) : "idle";
  const busy = word === "thinking" || word === "asking";
  byId("activity").hidden = !busy;
  byId("stop-turn").hidden = !busy;
  const key = busy ? JSON.stringify([session.id, word, session.awaiting]) : "";
  // Drawn again only for a change: the dots must not start over with every event.
  if (key === activity) return;
  activity = key;
  byId("activity-words").dataset.state = word;
  byId("activity-words").replaceChildren(...(busy ? statusWords(session) : []));
}

async function stopTurn() {
  const session = shownSession();
  byId("stop-turn").disabled = true;
  try {
    await perform({ type: "stop", session_id: session.id });
  } catch (refusal) {
    toast(refusal.message, "error");
  } finally {
    byId("stop-turn").disabled = false;
  }
}

/** Wire the composer. */
export function startComposer() {
  const box = byId("composer");
  box.addEventListener("keydown", onKey);
  box.addEventListener("input", () => {
    keep(draftName(), box.value);
    grow();
    showReady();
  });
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  byId("stop-turn").addEventListener("click", stopTurn);
  box.addEventListener("paste", (event) => {
    const { types } = event.clipboardData ?? { types: [] };
    if (types.includes("Files") && !types.includes("text/plain")) toast("Only text can be sent here. Put the file where people can open it, and send its address.", "info");
  });
  byId("skip").addEventListener("click", () => box.focus());
  subscribe(["route", "sessions"], render);
  // Behind the forms it could not take the focus.
  subscribe(["screen"], () => state.screen === "app" && begin());
  render();
}

/** The list of sessions at the left, each with what it is doing now. */

import { arrange, byId, h } from "./dom.js";
import { loadOlderSessions } from "./feeds.js";
import { subscribeDrawing } from "./frames.js";
import { keep, kept } from "./keep.js";
import { shownSession, state } from "./state.js";
import { statusOf, statusWords } from "./status.js";
import { brief, timeNode } from "./times.js";
import { toast } from "./toasts.js";

const items = new Map();
let read = {};
let saving = 0;

/** Say what a session is called. */
export function titleOf(session) {
  return session.title || "New session";
}

function isNew(session) {
  const shown = state.route.name === "session" && state.route.id === session.id;
  return !shown && session.last_seq > (read[session.id] ?? session.last_seq);
}

function markRead() {
  const session = shownSession();
  let moved = false;
  const see = (one) => {
    if ((read[one.id] ?? -1) >= one.last_seq) return;
    read[one.id] = one.last_seq;
    moved = true;
  };
  if (session && document.visibilityState === "visible") see(session);
  // A session met for the first time counts as read up to here; what comes later is news.
  for (const one of state.sessions.values()) if (!(one.id in read)) see(one);
  // Not with each message: while many come that would be all the browser does.
  if (moved) saving ||= setTimeout(saveRead, 500);
}

function saveRead() {
  saving = 0;
  keep("read", read);
}

function itemOf(session) {
  const key = JSON.stringify([session.title, session.state, session.status, session.awaiting, brief(session.last_active_at), isNew(session)]);
  let item = items.get(session.id);
  if (!item) {
    item = { key: "", node: h("a", { class: "session", href: `#/s/${session.id}`, data: { testid: "session-item", sessionId: session.id } }) };
    items.set(session.id, item);
  }
  if (item.key !== key) {
    item.key = key;
    item.node.dataset.state = statusOf(session);
    item.node.dataset.news = String(isNew(session));
    item.node.replaceChildren(
      h("span", { class: "session-title", dir: "auto", text: titleOf(session) }),
      h("span", { class: "session-time" }, timeNode(session.last_active_at, "brief")),
      h("span", { class: "status" }, statusWords(session)),
      ...(isNew(session) ? [h("span", { class: "news" }, h("span", { class: "sr-only", text: "New messages" }))] : []),
    );
  }
  const current = state.route.name === "session" && state.route.id === session.id;
  if (current) item.node.setAttribute("aria-current", "page");
  else item.node.removeAttribute("aria-current");
  return item.node;
}

function group(name, sessions) {
  if (!sessions.length) return [];
  const id = `group-${name.toLowerCase()}`;
  return [h("section", { class: "session-group", "aria-labelledby": id },
    h("h2", { id, text: name }), sessions.map(itemOf))];
}

function older() {
  if (!state.sessionsNext) return [];
  const more = async () => {
    try {
      await loadOlderSessions();
    } catch (error) {
      toast(error.message, "error");
    }
  };
  return [h("button", { type: "button", class: "button plain wide", on: { click: more }, text: "Older sessions" })];
}

function emptyWords() {
  const words = state.sessionsLoaded ? "Your sessions will stand here. Each goes on by itself while you do something else." : "Loading…";
  return [h("p", { class: "empty-list quiet", text: words })];
}

function render() {
  markRead();
  const mine = [...state.sessions.values()].filter((session) => session.mine !== false);
  mine.sort((a, b) => b.last_active_at.localeCompare(a.last_active_at));
  const open = mine.filter((session) => session.state !== "ended");
  const ended = mine.filter((session) => session.state === "ended");
  // Rebuilding the groups must not take the focus from the item that has it.
  const focused = document.activeElement?.closest?.(".session");
  arrange(byId("session-lists"), mine.length ? [...group("Open", open), ...group("Ended", ended), ...older()] : emptyWords());
  if (focused?.isConnected) focused.focus({ preventScroll: true });
}

/** Keep the list of sessions true. */
export function startSessions() {
  read = kept("read") ?? {};
  subscribeDrawing(["sessions", "route", "sessionsLoaded", "sessionsNext"], render);
  document.addEventListener("visibilitychange", render);
  render();
}

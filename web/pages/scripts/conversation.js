/** The conversation that is shown: stored messages, cards of what was asked, what is on its way. */

import { askedCard } from "./card.js";
import { arrange, byId, h } from "./dom.js";
import { loadOlderMessages } from "./feeds.js";
import { dayNode, messageNode, outboxNode, previewNode } from "./messages.js";
import { placeKeeper } from "./scroll.js";
import { conversationOf, shownSession, state, subscribe } from "./state.js";
import { dayKey } from "./times.js";
import { welcomeNode } from "./welcome.js";

let nodes = new Map();
let shown;
let unread = 0;
let newest = 0;
let keeper;
let due = false;

/** A node by key: made once, brought up to date when `version` changes. */
function cached(key, version, make, update) {
  let known = nodes.get(key);
  if (!known) {
    known = { version, made: make() };
    nodes.set(key, known);
    update?.(known.made);
  } else if (known.version !== version) {
    known.version = version;
    if (update) update(known.made);
    else known.made = make();
  }
  return known.made;
}

/** Say after which message each question of this session stands; 0 is before all. */
function anchors(conversation) {
  const places = new Map();
  const own = [...state.questions.values()].filter((q) => q.session_id === conversation.id);
  const first = conversation.messages.get(conversation.seqs[0]);
  for (const question of own.sort((a, b) => a.asked_at.localeCompare(b.asked_at))) {
    let seq = 0;
    for (const at of conversation.seqs) {
      const message = conversation.messages.get(at);
      if (message.request_id === question.id && message.role === "agent") { seq = at; break; }
      if (message.at <= question.asked_at) seq = at;
    }
    if (seq === 0 && conversation.hasOlder && first) continue;
    places.set(seq, [...(places.get(seq) ?? []), question]);
  }
  return places;
}

function cardsAt(places, seq) {
  return (places.get(seq) ?? []).map((question) => {
    const card = cached(`card ${question.id}`, question, () => askedCard(question), (one) => one.update(question));
    return card.node;
  });
}

/** Whether a message only says what the card that stands below it says: "I asked ben: …". */
function isAsking(message, questions = []) {
  if (message.role !== "agent") return false;
  return questions.some(({ id, question }) => message.request_id === id && /^I (have )?asked /.test(message.text) && message.text.includes(question));
}

function storedEntries(conversation) {
  const places = anchors(conversation);
  const entries = cardsAt(places, 0);
  let day = null;
  for (const seq of conversation.seqs) {
    const message = conversation.messages.get(seq);
    const key = dayKey(message.at);
    if (key !== day) entries.push(cached(`day ${key}`, "", () => dayNode(message.at)));
    day = key;
    const carded = isAsking(message, places.get(seq));
    entries.push(cached(`message ${seq}`, carded ? `carded ${message.text}` : message, () => messageNode(message, { carded })), ...cardsAt(places, seq));
  }
  return entries;
}

function passingEntries(conversation, id) {
  const entries = [];
  for (const entry of state.outbox.values()) {
    if (entry.session_id !== id || conversation?.messages.has(entry.seq)) continue;
    const version = [entry.state, entry.error, state.connection.state].join();
    entries.push(cached(`unsent ${entry.client_id}`, version, () => outboxNode(entry)));
  }
  for (const [turn, text] of conversation?.previews ?? []) {
    entries.push(cached(`preview ${turn}`, text, previewNode, (one) => one.update(text)).node);
  }
  return entries;
}

function noteNode(words, glyph) {
  return h("p", { class: `log-note ${glyph ?? ""}`, role: "status", text: words });
}

function entriesNow() {
  const { name, id } = state.route;
  if (name !== "session") {
    const passing = passingEntries(null, null);
    return [cached("welcome", "", welcomeNode), ...passing];
  }
  const conversation = conversationOf(id);
  if (conversation.problem) return [noteNode(conversation.problem)];
  if (!conversation.loaded && !conversation.seqs.length) {
    return [cached("loading", "", () => noteNode("Loading…")), ...passingEntries(conversation, id)];
  }
  const top = conversation.hasOlder ? [cached("older", "", () => noteNode("Loading what came before…"))] : [];
  return [...top, ...storedEntries(conversation), ...passingEntries(conversation, id)];
}

function render() {
  due = false;
  const place = `${state.route.name} ${state.route.id}`;
  const entered = place !== shown;
  if (entered) {
    shown = place;
    nodes = new Map();
    unread = 0;
    newest = 0;
  }
  const log = byId("log");
  // A freshly opened conversation is not news: it must not be read out from its beginning.
  log.setAttribute("aria-live", entered || newest === 0 ? "off" : "polite");
  document.body.dataset.view = state.route.name;
  const draw = () => arrange(log, entriesNow());
  if (entered) {
    draw();
    if (state.route.name === "session") keeper.toEnd();
    else byId("log-view").scrollTop = 0;
  } else keeper.around(draw);
  countUnread();
}

function countUnread() {
  const seqs = state.conversations.get(state.route.id)?.seqs ?? [];
  const last = seqs[seqs.length - 1] ?? 0;
  if (!keeper.atEnd && newest) unread += seqs.filter((seq) => seq > newest).length;
  newest = Math.max(newest, last);
  showJump();
}

function showJump() {
  if (keeper.atEnd) unread = 0;
  byId("jump").hidden = keeper.atEnd || !shownSession();
  byId("jump-words").textContent = unread ? `${unread} new` : "Newest";
}

/** Draw at most once a frame: many frames may come in one. */
function schedule() {
  if (due) return;
  due = true;
  if (document.visibilityState === "visible") requestAnimationFrame(render);
  else setTimeout(render, 100);
}

/** Keep the conversation true. */
export function startConversation() {
  const view = byId("log-view");
  keeper = placeKeeper(view, byId("log"), showJump);
  byId("jump").addEventListener("click", keeper.toEnd);
  view.addEventListener("scroll", () => {
    if (view.scrollTop < 400 && shownSession()) loadOlderMessages(state.route.id);
  }, { passive: true });
  // What I write is what I want to see, wherever I was reading.
  subscribe(["written"], keeper.toEnd);
  subscribe(["conversation", "questions", "outbox", "route", "connection"], schedule);
  render();
}

/** The conversation that is shown: stored messages, cards of what was asked, what is on its way. */

import { askedCard } from "./card.js";
import { arrange, button, byId, h } from "./dom.js";
import { loadOlderMessages, readAgain } from "./feeds.js";
import { drawn } from "./frames.js";
import { dayNode, messageNode, outboxNode, previewNode } from "./messages.js";
import { placeKeeper } from "./scroll.js";
import { conversationOf, forgetOldest, shownSession, state, subscribe } from "./state.js";
import { countBelow, newStretch } from "./stretch.js";
import { dayKey } from "./times.js";
import { welcomeNode } from "./welcome.js";

/** Nearer than this to an end of what is drawn, more of it is drawn. */
const NEAR = 800;
/** Messages kept in memory of a conversation that one follows; older ones are read again. */
const KEPT = 1000;

let nodes = new Map();
let used = new Set();
const stretch = newStretch();
let shown;
let unread = 0;
let newest = 0;
let keeper;
const schedule = drawn(render);

/** A node by key: made once, brought up to date when `version` changes. */
function cached(key, version, make, update) {
  used.add(key);
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

/** Forget the nodes that were not drawn, but for cards: something may be written in them. */
function forgetUnused() {
  for (const key of nodes.keys()) if (!used.has(key) && !key.startsWith("card ")) nodes.delete(key);
}

/** Say after which message each question of this session stands; 0 is before all. */
function anchors({ id, seqs, messages, asked, hasOlder }) {
  const places = new Map();
  const own = [...state.questions.values()].filter((q) => q.session_id === id);
  for (const question of own.sort((a, b) => a.asked_at.localeCompare(b.asked_at))) {
    const seq = asked.get(question.id) ?? lastBefore(seqs, messages, question.asked_at);
    if (seq === 0 && hasOlder) continue;
    places.set(seq, [...(places.get(seq) ?? []), question]);
  }
  return places;
}

/** Return the last message that was said by a moment, 0 for none. */
function lastBefore(seqs, messages, moment) {
  for (let at = seqs.length - 1; at >= 0; at -= 1) if (messages.get(seqs[at]).at <= moment) return seqs[at];
  return 0;
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

function storedEntries(conversation, seqs) {
  const places = anchors(conversation);
  const entries = seqs[0] === conversation.seqs[0] ? cardsAt(places, 0) : [];
  let day = null;
  for (const seq of seqs) {
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
  if (conversation.problem) return [cached("problem", conversation.problem, () => problemNode(conversation))];
  if (!conversation.loaded && !conversation.seqs.length) {
    return [cached("loading", "", () => noteNode("Loading…")), ...passingEntries(conversation, id)];
  }
  const seqs = stretch.take(conversation.seqs, keeper.atEnd);
  const entries = storedEntries(conversation, seqs);
  if (conversation.hasOlder && seqs[0] === conversation.seqs[0]) entries.unshift(cached("older", conversation.olderProblem, () => olderNode(conversation)));
  return stretch.isWhole ? [...entries, ...passingEntries(conversation, id)] : entries;
}

function noteWithButton(words, label, act) {
  return h("div", { class: "log-note with-button", role: "status" }, h("p", { text: words }), button(label, { class: "small", on: { click: act } }));
}

function problemNode({ id, problem }) {
  return problem.passing ? noteWithButton(problem.message, "Try again", () => readAgain(id)) : noteNode(problem.message);
}

function olderNode({ id, olderProblem }) {
  if (!olderProblem) return noteNode("Loading what came before…");
  return noteWithButton(olderProblem, "Load what came before", () => loadOlderMessages(id));
}

function render() {
  const place = `${state.route.name} ${state.route.id}`;
  const entered = place !== shown;
  if (entered) {
    shown = place;
    nodes = new Map();
    stretch.reset();
    unread = 0;
    newest = 0;
  }
  used = new Set();
  const log = byId("log");
  // A freshly opened conversation is not news: it must not be read out from its beginning.
  log.setAttribute("aria-live", entered || newest === 0 ? "off" : "polite");
  document.body.dataset.view = state.route.name;
  const draw = () => arrange(log, entriesNow());
  if (entered) {
    keeper.toEnd();
    draw();
    if (state.route.name === "session") keeper.toEnd();
    else byId("log-view").scrollTop = 0;
  } else keeper.around(draw);
  forgetUnused();
  countUnread();
  reach();
}

/** Draw more where the reader comes near an end of what is drawn, and read what is not here yet. */
function reach() {
  const view = byId("log-view");
  const conversation = shownSession() && conversationOf(state.route.id);
  if (!conversation?.seqs.length || !view.clientHeight) return;
  if (view.scrollTop < NEAR && (!keeper.atEnd || view.scrollHeight <= view.clientHeight)) {
    if (stretch.backward(conversation.seqs)) schedule(true);
    else if (!conversation.olderProblem) loadOlderMessages(conversation.id);
  }
  if (view.scrollHeight - view.scrollTop - view.clientHeight < NEAR && stretch.forward(conversation.seqs)) schedule(true);
  if (keeper.atEnd && conversation.seqs.length > 2 * KEPT) forgetOldest(conversation, KEPT);
}

/** Show the newest message, wherever the reader was. */
function showEnd() {
  stretch.reset();
  keeper.toEnd();
  render();
}

function countUnread() {
  const seqs = state.conversations.get(state.route.id)?.seqs ?? [];
  const last = seqs[seqs.length - 1] ?? 0;
  if (!keeper.atEnd && newest) unread += seqs.length - countBelow(seqs, newest + 1);
  newest = Math.max(newest, last);
  showJump();
}

function showJump() {
  if (keeper.atEnd) unread = 0;
  byId("jump").hidden = keeper.atEnd || !shownSession();
  byId("jump-words").textContent = unread ? `${unread} new` : "Newest";
}

/** Keep the conversation true. */
export function startConversation() {
  const view = byId("log-view");
  keeper = placeKeeper(view, byId("log"), () => stretch.isWhole, showJump);
  byId("jump").addEventListener("click", showEnd);
  view.addEventListener("scroll", reach, { passive: true });
  // What I write is what I want to see, wherever I was reading.
  subscribe(["written"], showEnd);
  subscribe(["conversation", "questions", "outbox", "route", "connection"], () => schedule());
  render();
}

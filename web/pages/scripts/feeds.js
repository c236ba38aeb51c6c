/** Brings the server's word into the state: first by REST, then by the feeds, without a gap. */

import { read } from "./api.js";
import { Refusal } from "./http.js";
import { again, greetWith, onFrame, post } from "./socket.js";
import { changed, conversationOf, dropPreviews, forgetOldest, noteCursor, putMessage, putPreview, putQuestion, putSession, putStatus, set, state, subscribe } from "./state.js";
import { countBelow } from "./stretch.js";
import { toast } from "./toasts.js";

const PAGE = 50;
/** Sessions followed at once: the server allows 20, and three run at a time. */
const MOST_WATCHED = 10;

let personal = null;
let greeted = 0;
const watched = new Set();
let loads = 0;
/** When each question was last told of by a feed, in events. */
const heard = new Map();
let events = 0;

greetWith(() => (personal === null ? {} : { cursor: personal }));

onFrame("ready", ({ cursor }) => {
  greeted = cursor;
  // With a cursor of ours the replay follows; ours moves on event by event.
  if (personal === null) {
    personal = cursor;
    loadLists();
  }
  for (const conversation of state.conversations.values()) {
    dropPreviews(conversation.id);
    conversation.problem = null;
    conversation.olderProblem = null;
  }
  watched.clear();
  watchWanted();
});

onFrame("watching", ({ session, cursor }) => {
  putSession(session);
  const conversation = conversationOf(session.id);
  conversation.cursor = Math.max(conversation.cursor ?? 0, cursor);
  if (session.id === shownId()) loadConversation(conversation);
});

onFrame("event", ({ feed, cursor, event }) => {
  if (feed === "me") personal = Math.max(personal ?? 0, cursor);
  else {
    const conversation = conversationOf(feed);
    conversation.cursor = Math.max(conversation.cursor ?? 0, cursor);
  }
  if (event.kind === "message") putMessage(event.message);
  if (event.kind === "question") {
    heard.set(event.question.id, ++events);
    putQuestion(event.question);
  }
  if (event.kind === "session") putSession(event.session);
  if (feed !== "me") noteCursor(feed, cursor);
});

onFrame("status", (frame) => {
  putStatus(frame);
  if (frame.status !== "thinking") dropPreviews(frame.session_id);
});

onFrame("preview", putPreview);

onFrame("error", ({ client_id: id, error }) => {
  if (id) return;
  if (error.code === "cursor_unknown") startOver(error.details ?? {});
  // Of the frames without an id only `watch` is somebody's wish: the others are the page's own.
  else if (shownId() && conversationOf(shownId()).cursor === null) missing(conversationOf(shownId()), new Refusal(error));
});

/** The server does not know our place in a feed: read everything afresh. */
function startOver({ feed, session_id: session }) {
  const which = feed ?? session ?? null;
  if (which === null || which === "me") {
    // Greeted already: events come from now on. Refused before that: greet again, without it.
    const connected = state.connection.state === "connected";
    personal = connected ? greeted : null;
    if (!connected) return again();
    loadLists();
  }
  for (const conversation of state.conversations.values()) {
    if (which === null || which === conversation.id) Object.assign(conversation, { cursor: null, loaded: false });
  }
  watched.clear();
  watchWanted();
}

subscribe(["sessions", "screen"], watchWanted);
subscribe(["route"], () => {
  if (!shownId()) return;
  const conversation = conversationOf(shownId());
  conversation.problem = null;
  watchWanted();
  // Followed already, as a session at work: what came before is read on its first showing.
  if (conversation.cursor !== null) loadConversation(conversation);
});

function shownId() {
  return state.screen === "app" && state.route.name === "session" ? state.route.id : null;
}

/** Follow the session that is shown, and those at work: only followers hear what one is doing. */
function watchWanted() {
  if (state.connection.state !== "connected") return;
  const atWork = [...state.sessions.values()].filter((session) => session.state === "active").map((session) => session.id);
  const wanted = new Set([shownId(), ...atWork.slice(0, MOST_WATCHED)].filter(Boolean));
  for (const id of watched) {
    if (wanted.has(id)) continue;
    watched.delete(id);
    post({ type: "unwatch", session_id: id });
  }
  for (const id of wanted) {
    const { cursor, problem } = conversationOf(id);
    if (watched.has(id) || problem) continue;
    watched.add(id);
    post({ type: "watch", session_id: id, ...(cursor === null ? {} : { cursor }) });
  }
}

/** Take in questions that were asked for when `begun` events had come: of what came since, the feed knows better. */
function takeIn(questions, begun) {
  for (const question of questions) if ((heard.get(question.id) ?? 0) <= begun) putQuestion(question);
}

async function loadLists() {
  const load = ++loads;
  const begun = events;
  try {
    const [sessions, ...questions] = await Promise.all([
      read("/api/sessions", { limit: PAGE }),
      read("/api/questions", { role: "responder", state: "open", limit: 100 }),
      read("/api/questions", { role: "asker", state: "open", limit: 100 }),
      read("/api/questions", { role: "responder", state: "closed", limit: 20 }),
      read("/api/questions", { role: "asker", state: "closed", limit: 20 }),
    ]);
    if (load !== loads) return;
    sessions.sessions.forEach(putSession);
    takeIn(questions.flatMap((part) => part.questions), begun);
    set("sessionsNext", sessions.next ?? null);
    set("sessionsLoaded", true);
    set("questionsLoaded", true);
  } catch (error) {
    if (load !== loads || error.status === 401) return;
    toast(error.message, "error");
    setTimeout(() => load === loads && loadLists(), 5000);
  }
}

/** Read further back in the list of sessions. */
export async function loadOlderSessions() {
  const page = await read("/api/sessions", { before: state.sessionsNext, limit: PAGE });
  page.sessions.forEach(putSession);
  set("sessionsNext", page.next ?? null);
}

async function loadConversation(conversation) {
  if (conversation.loaded || conversation.loading) return;
  const { id } = conversation;
  conversation.loading = true;
  conversation.problem = null;
  try {
    const begun = events;
    const { session, questions } = await read(`/api/sessions/${encodeURIComponent(id)}`);
    putSession(session);
    takeIn(questions, begun);
    await loadBefore(conversation, session.last_seq + 1);
    conversation.loaded = true;
  } catch (error) {
    missing(conversation, error);
  } finally {
    conversation.loading = false;
    changed("conversation");
  }
}

function missing(conversation, problem) {
  watched.delete(conversation.id);
  conversation.cursor = null;
  conversation.problem = problem;
  changed("conversation");
}

/** Read a conversation once more that could not be read. */
export function readAgain(id) {
  conversationOf(id).problem = null;
  watchWanted();
  changed("conversation");
}

async function loadBefore(conversation, before) {
  const path = `/api/sessions/${encodeURIComponent(conversation.id)}/messages`;
  const { messages } = await read(path, { before, limit: PAGE });
  const first = messages[0]?.seq ?? 0;
  // What is known from before a hole is read again when the reader comes there.
  if (first > 1 && !conversation.messages.has(first - 1)) forgetOldest(conversation, conversation.seqs.length - countBelow(conversation.seqs, first));
  messages.forEach(putMessage);
  conversation.hasOlder = messages.length >= PAGE && conversation.seqs[0] > 1;
}

/** Read what was said before the oldest message shown. */
export async function loadOlderMessages(id) {
  const conversation = conversationOf(id);
  if (conversation.loading || !conversation.hasOlder) return;
  conversation.loading = true;
  conversation.olderProblem = null;
  try {
    await loadBefore(conversation, conversation.seqs[0]);
  } catch (error) {
    conversation.olderProblem = error.message;
  } finally {
    conversation.loading = false;
    changed("conversation");
  }
}

/** Read one question by its id (from a link, or after a refusal). */
export async function loadQuestion(id) {
  const begun = events;
  const { question } = await read(`/api/questions/${encodeURIComponent(id)}`);
  takeIn([question], begun);
  return state.questions.get(id) ?? question;
}

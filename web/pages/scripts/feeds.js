/** Brings the server's word into the state: first by REST, then by the feeds, without a gap. */

import { read } from "./api.js";
import { again, greetWith, onFrame, post } from "./socket.js";
import { changed, conversationOf, dropPreviews, putMessage, putPreview, putQuestion, putSession, putStatus, set, state, subscribe } from "./state.js";
import { toast } from "./toasts.js";

const PAGE = 50;

let personal = null;
let greeted = 0;
let watched = null;
let loads = 0;

greetWith(() => (personal === null ? {} : { cursor: personal }));

onFrame("ready", ({ cursor }) => {
  greeted = cursor;
  // With a cursor of ours the replay follows; ours moves on event by event.
  if (personal === null) {
    personal = cursor;
    loadLists();
  }
  for (const conversation of state.conversations.values()) dropPreviews(conversation.id);
  watched = null;
  watchShown();
});

onFrame("watching", ({ session, cursor }) => {
  putSession(session);
  const conversation = conversationOf(session.id);
  const first = conversation.cursor === null;
  conversation.cursor = Math.max(conversation.cursor ?? 0, cursor);
  if (first) loadConversation(session.id);
});

onFrame("event", ({ feed, cursor, event }) => {
  if (feed === "me") personal = Math.max(personal ?? 0, cursor);
  else {
    const conversation = conversationOf(feed);
    conversation.cursor = Math.max(conversation.cursor ?? 0, cursor);
  }
  if (event.kind === "message") putMessage(event.message);
  if (event.kind === "question") putQuestion(event.question);
  if (event.kind === "session") putSession(event.session);
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
  else if (watched && conversationOf(watched).cursor === null) missing(watched, error.message);
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
  watched = null;
  watchShown();
}

subscribe(["route", "screen"], watchShown);

/** Follow the session that is shown, and only that one. */
function watchShown() {
  const wanted = state.screen === "app" && state.route.name === "session" ? state.route.id : null;
  if (watched === wanted || state.connection.state !== "connected") return;
  if (watched) post({ type: "unwatch", session_id: watched });
  watched = wanted;
  if (!wanted) return;
  const { cursor } = conversationOf(wanted);
  post({ type: "watch", session_id: wanted, ...(cursor === null ? {} : { cursor }) });
}

async function loadLists() {
  const load = ++loads;
  try {
    const [sessions, ...questions] = await Promise.all([
      read("/api/sessions", { limit: PAGE }),
      read("/api/questions", { role: "responder", state: "open", limit: 100 }),
      read("/api/questions", { role: "asker", state: "open", limit: 100 }),
      read("/api/questions", { role: "responder", state: "closed", limit: 20 }),
    ]);
    if (load !== loads) return;
    sessions.sessions.forEach(putSession);
    questions.flatMap((part) => part.questions).forEach(putQuestion);
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

async function loadConversation(id) {
  const conversation = conversationOf(id);
  conversation.loading = true;
  conversation.problem = null;
  try {
    const { session, questions } = await read(`/api/sessions/${encodeURIComponent(id)}`);
    putSession(session);
    questions.forEach(putQuestion);
    await loadBefore(conversation, session.last_seq + 1);
    conversation.loaded = true;
  } catch (error) {
    missing(id, error.message);
  } finally {
    conversation.loading = false;
    changed("conversation");
  }
}

function missing(id, words) {
  const conversation = conversationOf(id);
  conversation.cursor = null;
  conversation.problem = words;
  changed("conversation");
}

async function loadBefore(conversation, before) {
  const path = `/api/sessions/${encodeURIComponent(conversation.id)}/messages`;
  const { messages } = await read(path, { before, limit: PAGE });
  messages.forEach(putMessage);
  conversation.hasOlder = messages.length >= PAGE && conversation.seqs[0] > 1;
}

/** Read what was said before the oldest message shown. */
export async function loadOlderMessages(id) {
  const conversation = conversationOf(id);
  if (conversation.loading || !conversation.hasOlder) return;
  conversation.loading = true;
  try {
    await loadBefore(conversation, conversation.seqs[0]);
  } catch (error) {
    toast(error.message, "error");
  } finally {
    conversation.loading = false;
    changed("conversation");
  }
}

/** Read one question by its id (from a link, or after a refusal). */
export async function loadQuestion(id) {
  const { question } = await read(`/api/questions/${encodeURIComponent(id)}`);
  putQuestion(question);
  return question;
}

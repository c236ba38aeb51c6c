/** All the page knows, in one place; parts subscribe to topics and are told once per change. */

export const state = {
  screen: "loading",
  /** As `GET /api/auth/me` gives it. */
  account: null,
  connection: { state: "connecting", retryAt: null },
  /** `{name: "home" | "session" | "questions" | …, id}` */
  route: { name: "home", id: null },
  sessions: new Map(),
  sessionsLoaded: false,
  /** What to ask for next in the list of sessions, or null at its end. */
  sessionsNext: null,
  questions: new Map(),
  questionsLoaded: false,
  /** By session id: see `conversationOf`. */
  conversations: new Map(),
  /** By client id: what was written and is not stored yet. */
  outbox: new Map(),
};

/** How far each session's feed is known to have come, by whatever told of it. */
const reached = new Map();
const listeners = new Map();
const dirty = new Set();

/** Call `fn` after any of `topics` changed; several changes in one go make one call. */
export function subscribe(topics, fn) {
  for (const topic of topics) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(fn);
  }
}

/** Say that topics changed. */
export function changed(...topics) {
  if (dirty.size === 0) queueMicrotask(flush);
  topics.forEach((topic) => dirty.add(topic));
}

function flush() {
  const due = new Set();
  for (const topic of dirty) listeners.get(topic)?.forEach((fn) => due.add(fn));
  dirty.clear();
  for (const fn of due) {
    try {
      fn();
    } catch (error) {
      // One part that fails must not silence the others.
      reportError(error);
    }
  }
}

/** Set a top-level value and tell about it under its own name. */
export function set(name, value) {
  state[name] = value;
  changed(name);
}

/** Return a session's conversation, made on first use. */
export function conversationOf(id) {
  if (!state.conversations.has(id)) {
    state.conversations.set(id, {
      id, messages: new Map(), seqs: [], asked: new Map(), previews: new Map(), cursor: null,
      loaded: false, loading: false, hasOlder: false, problem: null, olderProblem: null,
    });
  }
  return state.conversations.get(id);
}

/** Take in a session as the server says it stands; an older word than ours is dropped. */
export function putSession(session) {
  if (session.cursor < (reached.get(session.id) ?? 0)) return;
  reached.set(session.id, session.cursor);
  state.sessions.set(session.id, session);
  changed("sessions");
}

/** A session's feed has come this far: what was read of it before, and comes only now, is dropped. */
export function noteCursor(id, cursor) {
  if (cursor > (reached.get(id) ?? 0)) reached.set(id, cursor);
}

/** Take in a question as the server says it stands; an older version than ours is dropped. */
export function putQuestion(question) {
  const known = state.questions.get(question.id);
  if (known && question.version < known.version) return;
  state.questions.set(question.id, question);
  changed("questions");
}

/** Take in a message, once for each `seq`; it ends its turn's preview. */
export function putMessage(message) {
  const conversation = conversationOf(message.session_id);
  if (!conversation.messages.has(message.seq)) {
    adoptOutbox(message);
    touchSession(message);
    const { seqs } = conversation;
    const inOrder = seqs.length === 0 || seqs[seqs.length - 1] < message.seq;
    seqs.push(message.seq);
    if (!inOrder) seqs.sort((a, b) => a - b);
  }
  conversation.messages.set(message.seq, message);
  noteAsked(conversation, message);
  if (message.turn_id && message.role === "agent") conversation.previews.delete(message.turn_id);
  changed("conversation");
}

/** A question stands where the agent first said that it asked. */
function noteAsked({ asked }, { request_id: id, role, seq }) {
  if (id && role === "agent") asked.set(id, Math.min(seq, asked.get(id) ?? seq));
}

/** Forget all but the newest `kept` messages of a conversation; they can be read again. */
export function forgetOldest(conversation, kept) {
  const { seqs, messages } = conversation;
  for (const seq of seqs.splice(0, seqs.length - kept)) messages.delete(seq);
  conversation.hasOlder = true;
}

/** The list of sessions hears of a message from the message itself. */
function touchSession({ session_id: id, seq, at }) {
  const session = state.sessions.get(id);
  if (!session || seq <= session.last_seq) return;
  state.sessions.set(id, { ...session, last_seq: seq, last_active_at: at });
  changed("sessions");
}

/** A stored message stands for what we sent, whether it comes before its acknowledgement or after. */
function adoptOutbox(message) {
  if (message.role !== "user" || message.author?.id !== state.account?.person_id) return;
  for (const [id, entry] of state.outbox) {
    if (entry.session_id !== message.session_id || message.seq <= entry.after) continue;
    if (entry.seq ? entry.seq !== message.seq : entry.text !== message.text) continue;
    entry.seq = message.seq;
    if (entry.state === "stored") state.outbox.delete(id);
    changed("outbox");
    return;
  }
}

/** Take in a status frame; one without a cursor comes in the order of the session's feed. */
export function putStatus({ session_id: id, status, awaiting, cursor }) {
  const session = state.sessions.get(id);
  if (!session || cursor < reached.get(id)) return;
  if (cursor) noteCursor(id, cursor);
  state.sessions.set(id, { ...session, status, awaiting });
  changed("sessions");
}

/** Take in a piece of a streamed reply: keep `offset` characters, then append. */
export function putPreview({ session_id: id, turn_id: turn, offset, text }) {
  const conversation = conversationOf(id);
  const soFar = conversation.previews.get(turn) ?? "";
  // A piece in the middle was missed: the stored message will bring the whole.
  if (offset > soFar.length) return;
  conversation.previews.set(turn, soFar.slice(0, offset) + text);
  changed("conversation");
}

/** Forget half-streamed replies of a session, when its turn is over or the line was cut. */
export function dropPreviews(id) {
  const conversation = state.conversations.get(id);
  if (!conversation?.previews.size) return;
  conversation.previews.clear();
  changed("conversation");
}

/** Return the session that is shown, or null. */
export function shownSession() {
  return state.route.name === "session" ? state.sessions.get(state.route.id) ?? null : null;
}

/** Return the questions that wait for me, oldest first. */
export function waitingForMe() {
  return [...state.questions.values()]
    .filter((q) => q.for_me && q.state === "pending" && !q.answered_by_me)
    .sort((a, b) => a.asked_at.localeCompare(b.asked_at));
}

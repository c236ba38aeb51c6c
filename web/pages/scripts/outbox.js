/** What was written and is not stored yet: survives reloads, is sent again under the same id. */

import { keep, kept, keptNames, onForgotten } from "./keep.js";
import { changed, state } from "./state.js";
import { newClientId, perform } from "./socket.js";
import { go } from "./router.js";
import { toast } from "./toasts.js";

const PLACE = "outbox.";

/** Take up what an earlier visit could not send. */
export function loadOutbox() {
  state.outbox.clear();
  const entries = keptNames(PLACE).map((name) => kept(name)).filter((entry) => entry?.client_id);
  entries.sort((a, b) => a.at - b.at);
  for (const entry of entries) {
    state.outbox.set(entry.client_id, entry);
    if (entry.state === "sending") deliver(entry);
  }
  changed("outbox");
}

onForgotten(PLACE, (name) => {
  const entry = state.outbox.get(name.slice(PLACE.length));
  // Another tab had it acknowledged or threw it away; ours will hear the same if it is under way.
  if (entry?.state === "failed") remove(entry);
});

/** Write to a session, or open one (`sessionId` null). */
export function send(sessionId, text) {
  const after = state.sessions.get(sessionId)?.last_seq ?? 0;
  const entry = { client_id: newClientId(), session_id: sessionId, text, state: "sending", at: Date.now(), after, error: null, seq: null };
  state.outbox.set(entry.client_id, entry);
  store(entry);
  deliver(entry);
}

/** Send a failed entry once more, as the same message. */
export function retry(entry) {
  entry.state = "sending";
  entry.error = null;
  store(entry);
  deliver(entry);
}

/** Throw an entry away. */
export function remove(entry) {
  state.outbox.delete(entry.client_id);
  keep(PLACE + entry.client_id, null);
  changed("outbox");
}

function store(entry) {
  keep(PLACE + entry.client_id, entry);
  changed("outbox");
}

async function deliver(entry) {
  const { client_id, session_id, text } = entry;
  const frame = session_id ? { type: "message", client_id, session_id, text } : { type: "start", client_id, text };
  try {
    stored(entry, await perform(frame));
  } catch (refusal) {
    failed(entry, refusal);
  }
}

function stored(entry, outcome) {
  keep(PLACE + entry.client_id, null);
  const opened = entry.session_id === null && outcome.session_id;
  entry.session_id ??= outcome.session_id;
  entry.seq = outcome.seq ?? entry.seq;
  entry.state = "stored";
  const arrived = entry.seq && state.conversations.get(entry.session_id)?.messages.has(entry.seq);
  // Until the message itself comes, the entry stands in for it, so that nothing blinks.
  if (arrived || !entry.seq || !state.conversations.has(entry.session_id)) state.outbox.delete(entry.client_id);
  changed("outbox");
  // The address may have changed already, before anybody heard of it.
  if (opened && state.route.name === "home" && ["", "#/", "#/new"].includes(location.hash)) go(`#/s/${outcome.session_id}`);
}

function failed(entry, refusal) {
  if (!state.outbox.has(entry.client_id)) return;
  if (refusal.code === "rate_limited" || refusal.code === "unavailable") {
    const seconds = refusal.retryAfter ?? 5;
    entry.error = `${refusal.message} It goes out by itself in ${seconds} s.`;
    changed("outbox");
    setTimeout(() => state.outbox.has(entry.client_id) && retry(entry), seconds * 1000);
    return;
  }
  entry.state = "failed";
  entry.error = refusal.message;
  store(entry);
  if (state.route.id !== entry.session_id) toast(`A message was not sent. ${refusal.message}`, "error");
}

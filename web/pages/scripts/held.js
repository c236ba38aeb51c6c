/** A held session: its text is kept, and one click ends another session to start it. */

import { button, byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { perform } from "./socket.js";
import { shownSession, state, subscribe } from "./state.js";
import { titleOf } from "./sessions.js";
import { toast } from "./toasts.js";

let key = "";

function candidates() {
  const active = [...state.sessions.values()].filter((session) => session.state === "active" && session.mine !== false);
  return active.sort((a, b) => a.last_active_at.localeCompare(b.last_active_at));
}

async function start(session, end) {
  const place = byId("held");
  place.querySelectorAll("button").forEach((one) => { one.disabled = true; });
  try {
    const outcome = await perform({ type: "resume", session_id: session.id, ...(end ? { end: end.id } : {}) });
    if (outcome.status === "held") {
      toast(outcome.text ?? "There is still no room for it. End another session.", "info");
    }
  } catch (refusal) {
    toast(refusal.message, "error");
  } finally {
    key = "";
    render();
  }
}

function choices(session) {
  const others = candidates();
  const ends = others.map((other) => {
    const choice = button("", { class: "choice", data: { testid: "held-end", sessionId: other.id }, on: { click: () => start(session, other) } });
    choice.replaceChildren(icon("flag"), h("span", {}, "End “", h("bdi", { text: titleOf(other) }), "” and start this"));
    return choice;
  });
  const alone = button("Start it now", { data: { testid: "held-start" }, on: { click: () => start(session, null) } });
  return [...ends, ...(others.length < 3 ? [alone] : [])];
}

function render() {
  const place = byId("held");
  const session = shownSession();
  const held = session?.state === "held" && session.mine !== false;
  place.hidden = !held;
  byId("compose").hidden = held;
  byId("compose-hint").hidden = held;
  const now = held ? JSON.stringify([session.id, candidates().map((one) => [one.id, one.title])]) : "";
  if (now === key) return;
  key = now;
  if (!held) return place.replaceChildren();
  const others = candidates().length;
  place.replaceChildren(
    h("h2", { text: "This session waits for room" }),
    h("p", { text: others ? `${others === 1 ? "One session is" : `${others} sessions are`} open, which is as many as may run at once. Your text is kept.` : "Your text is kept." }),
    h("div", { class: "choices" }, choices(session)),
  );
}

/** Keep the held session's offer true. */
export function startHeld() {
  subscribe(["sessions", "route"], render);
  render();
}

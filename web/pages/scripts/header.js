/** The bar above the conversation, the banners under it, and the page's title. */

import { byId } from "./dom.js";
import { askerName } from "./facts.js";
import { subscribeDrawing } from "./frames.js";
import { icon } from "./icons.js";
import { perform } from "./socket.js";
import { shownSession, state, subscribe, waitingForMe } from "./state.js";
import { statusWords } from "./status.js";
import { titleOf } from "./sessions.js";
import { toast } from "./toasts.js";

function title() {
  if (state.route.name === "questions") return "Questions for you";
  if (state.route.name === "story") return "Story of a question";
  if (state.route.name === "profile") return "Profile";
  if (state.route.name === "admin") return "Administration";
  if (state.route.name === "session") return shownSession() ? titleOf(shownSession()) : "Session";
  return "New session";
}

function renderBar() {
  const session = shownSession();
  byId("bar-title").textContent = title();
  byId("bar-status").replaceChildren(...(session ? statusWords(session) : []));
  byId("bar-status").dataset.state = session?.status ?? "";
  byId("end-session").hidden = !session || session.state === "ended" || session.mine === false;
}

function renderCount() {
  const waiting = waitingForMe();
  const badge = byId("inbox-count");
  badge.hidden = waiting.length === 0;
  badge.textContent = String(waiting.length);
  badge.setAttribute("aria-label", `${waiting.length} waiting`);
  document.title = `${waiting.length ? `(${waiting.length}) ` : ""}${title() === "New session" ? "" : `${title()} · `}Handraise`;
  const banner = byId("waiting-banner");
  banner.hidden = waiting.length === 0;
  if (!waiting.length) return;
  const first = waiting[0];
  const words = waiting.length === 1 ? `${askerName(first)} asks: ${first.question}` : `${waiting.length} questions wait for you`;
  banner.replaceChildren(icon("hand"), Object.assign(document.createElement("span"), { textContent: words, dir: "auto" }));
  banner.append(Object.assign(document.createElement("b"), { textContent: "Answer" }));
}

async function endSession() {
  const session = shownSession();
  if (!session) return;
  byId("end-session").disabled = true;
  try {
    await perform({ type: "end", session_id: session.id });
    toast("Session ended. Write in it again to reopen it.", "good");
  } catch (refusal) {
    toast(refusal.message, "error");
  } finally {
    byId("end-session").disabled = false;
  }
}

/** Only administrators are led there. */
function showAdministration() {
  byId("nav-admin").hidden = !state.account?.is_admin;
}

/** Keep the bar, the banners and the title true. */
export function startHeader() {
  byId("end-session").addEventListener("click", endSession);
  subscribe(["account"], showAdministration);
  showAdministration();
  subscribeDrawing(["sessions", "route", "questions"], () => {
    renderBar();
    renderCount();
  });
  subscribe(["account"], () => { byId("verify-banner").hidden = state.account?.verified !== false; });
  byId("verify-banner").hidden = state.account?.verified !== false;
  renderBar();
  renderCount();
}

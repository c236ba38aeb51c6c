/** Starts the page: who is signed in, then each part, then the connection. */

import { enter, chooseScreen, startAuth } from "./auth.js";
import { startComposer } from "./composer.js";
import { startCompletion } from "./completion.js";
import { startConnection } from "./connection.js";
import { startConversation } from "./conversation.js";
import { byId, fillIcons } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { startHeader } from "./header.js";
import { startHeld } from "./held.js";
import { keepFor, visitor } from "./keep.js";
import { loadOutbox } from "./outbox.js";
import { startPages } from "./pages.js";
import { startPlaces } from "./places.js";
import { startQuestions } from "./questions.js";
import { startRouter } from "./router.js";
import { startSeen } from "./seen.js";
import { startSessions } from "./sessions.js";
import { startShortcuts } from "./shortcuts.js";
import { connect } from "./socket.js";
import { state, subscribe } from "./state.js";
import { keepTimesTrue } from "./times.js";
import { onToken, refresh } from "./tokens.js";

let started = false;

/** Start the parts of the page once somebody is signed in. */
function startParts() {
  if (started || !state.account) return;
  started = true;
  keepFor(state.account.person_id);
  byId("account-name").textContent = state.account.username;
  byId("account-email").textContent = state.account.email;
  byId("account-avatar").textContent = [...state.account.username][0]?.toUpperCase() ?? "";
  startConnection();
  startSessions();
  startHeader();
  startPlaces();
  startHeld();
  startComposer();
  startCompletion();
  startConversation();
  startQuestions();
  startPages();
  startDrawer();
  startSeen();
  startShortcuts();
  keepTimesTrue();
  connect();
  loadOutbox();
}

/** A page that belonged to somebody is loaded afresh for the next: nothing of theirs stays in memory. */
function startOver() {
  if (started) location.reload();
}

async function resumeVisit() {
  // Nobody has signed in with this browser: do not knock only to be refused.
  if (visitor.known !== "in") return;
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      await refresh();
      await enter();
      return;
    } catch (error) {
      if (!error.passing) return;
      byId("loading").lastElementChild.textContent = `${error.message} Trying again by itself…`;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

fillIcons();
startRouter();
startAuth();
subscribe(["account"], startParts);
onToken("ended", startOver);
onToken("elsewhere", () => location.reload());
resumeVisit().then(chooseScreen);

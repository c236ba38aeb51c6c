/** Shows whether the page is connected, and when it tries again. */

import { byId } from "./dom.js";
import { retryNow } from "./socket.js";
import { state, subscribe } from "./state.js";

const PATIENCE = 1500;

let ticking = 0;
let telling = 0;

function words({ state: word, retryAt }) {
  if (word === "connected") return "Connected";
  if (word === "connecting") return "Connecting…";
  if (word === "offline") return "Offline. What you write is kept";
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
  return seconds > 1 ? `Reconnecting in ${seconds} s` : "Reconnecting…";
}

function render() {
  const place = byId("connection");
  place.dataset.state = state.connection.state;
  place.title = state.connection.state === "connected" ? "Connected: what happens is shown at once" : "";
  byId("connection-words").textContent = words(state.connection);
  byId("connection-retry").hidden = state.connection.retryAt === null;
  renderBanner();
  clearInterval(ticking);
  // A countdown read out every second would be torture: only the change of state is announced.
  place.setAttribute("aria-live", state.connection.retryAt === null ? "polite" : "off");
  if (state.connection.retryAt !== null) {
    ticking = setInterval(() => { byId("connection-words").textContent = words(state.connection); }, 1000);
  }
}

/** A line that is back at once is not worth a banner; one that stays away is. */
function renderBanner() {
  const lost = ["reconnecting", "offline"].includes(state.connection.state);
  if (!lost) {
    clearTimeout(telling);
    telling = 0;
    byId("lost-banner").hidden = true;
    return;
  }
  const why = state.connection.state === "offline" ? "You are offline." : "The server does not answer.";
  byId("lost-words").textContent = `${why} You can read on and write: what you write is kept in this browser and goes out by itself.`;
  telling ||= setTimeout(() => { byId("lost-banner").hidden = false; }, PATIENCE);
}

/** Keep the connection's sign true. */
export function startConnection() {
  byId("connection-retry").addEventListener("click", retryNow);
  subscribe(["connection"], render);
  render();
}

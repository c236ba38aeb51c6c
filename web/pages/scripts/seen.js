/** Tells the server whether the page is visible, and once for each version that a card is on it. */

import { post } from "./socket.js";
import { state, subscribe } from "./state.js";

const inView = new Map();
const told = new Map();
let observer = null;

function look(entries) {
  for (const entry of entries) {
    const enough = entry.intersectionRatio >= 0.5 || entry.intersectionRect.height > innerHeight * 0.4;
    const watched = inView.get(entry.target);
    if (watched) watched.visible = entry.isIntersecting && enough;
  }
  tell();
}

function tell() {
  if (document.visibilityState !== "visible" || state.connection.state !== "connected") return;
  for (const { visible, question } of inView.values()) {
    const now = question();
    if (!visible || now?.state !== "pending" || told.get(now.id) === now.version) continue;
    if (post({ type: "seen", request_id: now.id, version: now.version })) told.set(now.id, now.version);
  }
}

function tellVisible() {
  post({ type: "visible", visible: document.visibilityState === "visible" });
}

/** Keep the server told whether anybody can see this page. */
export function startSeen() {
  document.addEventListener("visibilitychange", tellVisible);
  subscribe(["connection"], tellVisible);
  tellVisible();
}

/** Watch a card; `question()` returns what it shows now. */
export function watchCard(node, question) {
  if (!observer) {
    observer = new IntersectionObserver(look, { threshold: [0, 0.25, 0.5, 0.75, 1] });
    document.addEventListener("visibilitychange", tell);
    subscribe(["connection", "questions"], tell);
  }
  inView.set(node, { visible: false, question });
  observer.observe(node);
}

/** What a session is doing, in words. */

import { h, listing, nameOf } from "./dom.js";
import { icon } from "./icons.js";
import { timeNode } from "./times.js";

const ENDED = { idle: "Ended: nothing was said for too long", agent: "Ended by the agent" };

/** Return the one word that stands for what a session is doing. */
export function statusOf(session) {
  if (session.state !== "active") return session.state;
  if (session.status === "idle" && session.awaiting.length) return "awaiting";
  return session.status;
}

/** Return the words for what a session is doing, as nodes. */
export function statusWords(session) {
  const word = statusOf(session);
  if (word === "thinking") return [dots(), "Thinking"];
  if (word === "asking") return [dots(), "Asking"];
  if (word === "awaiting") return [icon("hourglass"), h("span", {}, waitingWords(session.awaiting))];
  if (word === "held") return [icon("pause"), "Held: your text is kept"];
  if (word === "ended") return [icon("flag"), ENDED[session.end_reason] ?? "Ended"];
  return [icon("check"), session.last_seq > 1 ? "Answered" : "Ready"];
}

/** Say for whom and until when, as nodes: "Waiting for Ana until Thu 17:00". */
export function waitingWords(awaiting) {
  const people = [...new Set(awaiting.flatMap((one) => one.people))];
  const until = awaiting.map((one) => one.until).filter(Boolean).sort()[0];
  const names = people.length ? listing(people.map(nameOf)) : ["an answer"];
  return ["Waiting for ", ...names, ...(until ? [" until ", timeNode(until)] : [])];
}

function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

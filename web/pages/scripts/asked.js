/** For the asker: who was asked and how they came to be, how far it has come, and what time will do. */

import { act } from "./deeds.js";
import { avatar, button, h, listing, nameOf } from "./dom.js";
import { way } from "./facts.js";
import { icon } from "./icons.js";
import { timeNode } from "./times.js";
import { go } from "./router.js";
import { state } from "./state.js";

const COME = { planned: "not sent yet", sent: "delivered", seen: "seen", failed: "could not be delivered" };
const TIMES = [["", "the usual time"], ["2", "2 hours"], ["24", "1 day"], ["72", "3 days"], ["168", "1 week"]];

/** Say how somebody came to be asked, as nodes, or null. */
function route(one) {
  const by = one.by ? nameOf(one.by.name) : "somebody";
  if (one.route === "delegated") return ["handed on by ", by];
  if (one.route === "escalated") return ["asked when nobody had decided"];
  if (one.route === "away") return one.by ? ["in place of ", by, ", who is away"] : ["in place of somebody who is away"];
  return null;
}

/** The time is that of the delivery: when it was seen is in the story. */
function came({ state: come, at }) {
  const words = COME[come] ?? come;
  if (!at) return words;
  return come === "seen" ? [`${COME.sent} `, timeNode(at), `, ${words}`] : [`${words} `, timeNode(at)];
}

function progress(one) {
  if (one.answered) return h("span", { class: "come good", data: { testid: "recipient-answered" } }, icon("check"), "answered");
  if (!one.delivery?.length) return one.seen ? h("span", { class: "come", text: "seen" }) : null;
  return h("span", { class: "come", data: { testid: "delivery" } }, one.delivery.map((each) => h("span", { class: "step", data: { state: each.state, channel: each.channel } },
    `${way(each.channel)}: `, came(each))));
}

function person(question, one) {
  const how = route(one);
  const onIt = question.claimed_by?.id === one.id && question.state === "pending";
  return h("li", { class: "asked-person", data: { testid: "recipient", name: one.name, part: one.part } }, avatar(one.name),
    h("div", {}, h("p", {}, nameOf(one.name), one.part === "notified" ? h("span", { class: "tag", text: "told only" }) : null,
      onIt ? h("span", { class: "tag raise", text: "is on it" }) : null),
    how ? h("p", { class: "quiet" }, how) : null, progress(one)));
}

/** Draw who was asked; open while it is undecided, folded away later. */
export function people(question) {
  const list = h("ul", { class: "asked-people" }, question.recipients.map((one) => person(question, one)));
  if (question.state === "pending") return list;
  return h("details", { class: "in-words" }, h("summary", { text: "Who was asked" }), list);
}

/** Draw until when it waits, the next reminder and the escalations to come. */
export function timetable(question) {
  const next = question.next_reminder_at;
  const steps = (question.escalations ?? []).filter((step) => !step.done);
  return h("ul", { class: "timetable" },
    h("li", { class: "deadline" }, icon("hourglass"),
      h("span", {}, "Waits until ", timeNode(question.deadline), " (", timeNode(question.deadline, "distance"), ")")),
    next ? h("li", { class: "fact", data: { testid: "next-reminder" } }, icon("bell"), h("span", {}, "Next reminder ", timeNode(next))) : null,
    steps.map((step) => h("li", { class: "fact", data: { testid: "escalation" } }, icon("pass"),
      h("span", {}, "If nobody has decided by ", timeNode(step.at), ", ", listing(step.people.map(nameOf)), step.people.length === 1 ? " is asked" : " are asked"))));
}

/** Whether the same question was asked once more already. */
function askedAgain(question) {
  return [...state.questions.values()].some((one) => one.replaces === question.id);
}

function againParts(question, place) {
  const within = h("select", { data: { testid: "ask-again-within" } }, TIMES.map(([value, words]) => h("option", { value, text: words })));
  const ask = async () => {
    const hours = Number(within.value);
    const outcome = await act(question, { type: "ask_again", ...(hours ? { within_hours: hours } : {}) }, { place });
    if (outcome && state.route.name !== "session" && question.session_id) go(`#/s/${question.session_id}`);
  };
  return [button("Ask again", { glyph: "again", class: "small", data: { testid: "ask-again" }, on: { click: ask } }),
    h("label", { class: "within" }, "for ", within)];
}

/** Draw what the asker can do. */
export function askerRow(question) {
  const place = h("div", { class: "answer-row" });
  const pending = question.state === "pending";
  const take = () => act(question, { type: "cancel" }, { place });
  if (pending && question.for_me) place.append(h("a", { class: "button small primary", href: `#/questions/${question.id}`, text: "Answer it" }));
  if (pending) place.append(button("Take back", { class: "small", data: { testid: "question-cancel" }, on: { click: take } }));
  if (["expired", "cancelled"].includes(question.state)) {
    if (askedAgain(question)) place.append(h("span", { class: "quiet", text: "Asked again since." }));
    else place.append(...againParts(question, place));
  }
  place.append(h("a", { class: "button small plain", href: `#/questions/${question.id}/story`, data: { testid: "story" } },
    icon("story"), h("span", { text: "Story" })));
  return place;
}

/** What the asker's row depends on. */
export function rowFacts(question) {
  return [question.state, question.for_me, question.session_id, askedAgain(question)];
}

/** What I asked, as a list: whom it has reached, who is late, how it ended; opens to the whole card. */

import { askedCard } from "./card.js";
import { h, nameOf, patch } from "./dom.js";
import { deciders, way } from "./facts.js";
import { icon } from "./icons.js";
import { now, timeNode } from "./times.js";

const COME = { planned: "not sent yet", sent: "delivered", seen: "seen", failed: "not reached" };
const RANK = ["planned", "failed", "sent", "seen"];
const ENDED = { approved: "Approved", rejected: "Rejected", answered: "Answered", expired: "Nobody answered in time", cancelled: "Taken back", superseded: "Replaced by a newer question" };

/** Whether half of the time is gone, and this one has said nothing. */
function isLate(question, one) {
  const asked = Date.parse(question.asked_at);
  return question.state === "pending" && !one.answered && now() > asked + (Date.parse(question.deadline) - asked) / 2;
}

/** How far it has come with somebody: the furthest of all channels. */
function furthest(one) {
  const sorted = [...(one.delivery ?? [])].sort((a, b) => RANK.indexOf(b.state) - RANK.indexOf(a.state));
  return sorted[0] ?? null;
}

function person(question, one) {
  const come = furthest(one);
  const late = isLate(question, one);
  const words = one.answered ? "answered" : come ? `${COME[come.state]}${["sent", "seen"].includes(come.state) ? ` ${way(come.channel)}` : ""}` : "not sent yet";
  const state = one.answered ? "answered" : late ? "late" : come?.state ?? "planned";
  return h("li", { class: "reached", data: { testid: "reached", name: one.name, state } },
    icon({ answered: "check", late: "hourglass", seen: "eye", failed: "alert" }[state] ?? "send"),
    h("span", {}, nameOf(one.name), ` ${words}`, late ? h("b", { text: ", late" }) : null));
}

function status(question) {
  if (question.state === "pending") return h("span", { class: "status" }, icon("hourglass"), h("span", {}, "Waits until ", timeNode(question.deadline)));
  const { outcome } = question;
  const late = question.responses.filter((one) => one.standing === "late").length;
  return h("span", { class: "status" }, icon(["approved", "answered"].includes(question.state) ? "check" : "clock"),
    h("span", {}, ENDED[question.state] ?? question.state, outcome?.by ? [" by ", nameOf(outcome.by.name)] : null, outcome?.at ? [" · ", timeNode(outcome.at)] : null,
      late ? h("b", { text: late === 1 ? " · one late answer" : ` · ${late} late answers` }) : null));
}

/** Draw one; `update(question)` follows it, and keeps it open. */
export function askedItem(question) {
  const summary = h("summary", { class: "asked-summary" });
  const node = h("details", { class: "asked-row", data: { testid: "asked-row", requestId: question.id } }, summary);
  let card = null;
  const open = () => {
    if (!node.open || card) return;
    card = askedCard(question);
    const to = question.session_id && h("a", { class: "asked-session", href: `#/s/${question.session_id}`, text: "Go to its session" });
    node.append(card.node, ...(to ? [to] : []));
  };
  node.addEventListener("toggle", open);
  const update = (newer) => {
    question = newer;
    node.dataset.state = question.state;
    patch(summary, [
      ["question", question.question, () => h("span", { class: "asked-question", dir: "auto", text: question.question })],
      ["status", [question.state, question.outcome, question.responses, question.deadline], () => status(question)],
      ["reached", [question.recipients, question.state, deciders(question).map((one) => isLate(question, one))],
        () => (question.state === "pending" ? h("ul", { class: "reached-list" }, deciders(question).map((one) => person(question, one))) : null)],
    ]);
    card?.update(question);
  };
  update(question);
  return { node, update };
}

/** A question's card: for the one who answers or is told (`inboxCard`), for who asked (`askedCard`). */

import { actsRow } from "./acts.js";
import { answeredNote, answerForm } from "./answer.js";
import { askerRow, people, rowFacts, timetable } from "./asked.js";
import { avatar, button, h, listing, nameOf, patch } from "./dom.js";
import { action, answers, askerName, claimed, deadline, isFromAgent, rule, ruleWords, tags, text } from "./facts.js";
import { icon } from "./icons.js";
import { outcome, responses } from "./outcome.js";
import { state } from "./state.js";
import { timeNode } from "./times.js";

function me() {
  return state.account?.person_id;
}

/** Whether I am told of a question without being asked it. */
export function isTold(question) {
  return !question.for_me && question.recipients.some((one) => one.id === me() && one.part === "notified");
}

function shell(question, place) {
  return h("article", { class: "card", tabindex: "-1", data: { testid: "question-card", requestId: question.id, place } });
}

function mark(node, question) {
  node.dataset.state = question.state;
  node.dataset.risk = question.risk;
  node.dataset.version = question.version;
  node.setAttribute("aria-label", question.question);
}

/** The parts that both cards begin with. */
function asking(question) {
  return [
    ["question", [question.question, question.question_html], () => text(question.question, question.question_html, "question")],
    ["context", [question.context, question.context_html], () => (question.context ? text(question.context, question.context_html, "context") : null)],
    ["action", [question.action, question.state, question.for_me, question.rule], () => action(question)],
  ];
}

/** Draw a card to answer on; `update(question)` changes only what changed, so that typing goes on. */
export function inboxCard(question, dismiss) {
  const node = shell(question, "inbox");
  const top = h("div", { class: "card-top" });
  const bottom = h("div", { class: "card-bottom" });
  const acts = actsRow(question, me());
  let drawn = "";
  node.append(top, bottom, acts.node);

  const form = () => bottom.replaceChildren(answerForm(question));
  const drawBottom = () => {
    const own = responses(question);
    if (question.state !== "pending") bottom.replaceChildren(...[outcome(question), own, doneButton("Done", dismiss)].filter(Boolean));
    else if (isTold(question)) bottom.replaceChildren(...[own, doneButton("Got it", dismiss)].filter(Boolean));
    else if (question.answered_by_me) bottom.replaceChildren(answeredNote(form));
    else form();
  };
  const update = (newer) => {
    question = newer;
    mark(node, question);
    drawTop(top, question);
    const closed = question.state !== "pending" || isTold(question);
    // Comments of mine must not take away the form that I am filling in.
    const key = JSON.stringify([question.state, question.digest, question.for_me, question.answered_by_me, question.outcome, closed && question.responses]);
    if (key !== drawn) drawBottom();
    drawn = key;
    acts.update(question);
  };
  update(question);
  return { node, update };
}

function doneButton(words, dismiss) {
  return h("div", { class: "answer-row dismiss" }, button(words, { class: "small", data: { testid: "card-done" }, on: { click: dismiss } }));
}

function mineOf(question) {
  return question.recipients.find((one) => one.id === me());
}

/** How I came to be asked, as nodes, or nothing. */
function cameToMe({ route, by }) {
  const who = by ? nameOf(by.name) : "Somebody";
  if (route === "delegated") return [who, " handed this on to you."];
  if (route === "away") return ["You are asked in place of ", by ? who : "somebody", ", who is away."];
  if (route === "escalated") return ["You are asked because nobody had decided in time."];
  return null;
}

/** Who else is asked; and how I came to be. */
function others(question) {
  const mine = mineOf(question);
  const how = mine && mine.part !== "notified" && cameToMe(mine);
  const handed = question.recipients.find((one) => one.route === "delegated" && one.by?.id === me());
  const asked = question.recipients.filter((one) => one.part !== "notified");
  const lines = [
    how && h("p", { class: "quiet", data: { testid: "came-to-me" } }, how),
    handed && h("p", { class: "quiet" }, "You handed this on to ", nameOf(handed.name), "."),
    (asked.length > 1 || isTold(question)) && h("p", { class: "quiet" }, "Asked: ", listing(asked.map((one) => h("span", {}, nameOf(one.name), one.answered ? " (answered)" : "")))),
  ].filter(Boolean);
  return lines.length ? h("div", {}, lines) : null;
}

function drawTop(top, question) {
  const pending = question.state === "pending";
  const told = isTold(question);
  patch(top, [
    ["head", [question.asker, question.asked_at, question.urgent, question.risk, told], () => h("header", { class: "card-head" }, avatar(askerName(question)),
      h("p", {}, nameOf(askerName(question)), h("span", { class: "quiet" }, told ? " asked others · " : " asks · ", timeNode(question.asked_at, "distance"))), tags(question, { told }))],
    ...asking(question),
    ["answers", [told, question.options, question.fields], () => (told ? answers(question) : null)],
    ["others", [question.recipients, told], () => others(question)],
    ["rule", ruleWords(question), () => rule(question)],
    ["claimed", [question.claimed_by, pending], () => claimed(question, me())],
    ["deadline", [question.deadline, pending], () => (pending ? deadline(question) : null)],
  ]);
}

/** Draw the card of a question that one's own session asked. */
export function askedCard(question) {
  const node = shell(question, "conversation");
  const update = (newer) => {
    question = newer;
    mark(node, question);
    const pending = question.state === "pending";
    patch(node, [
      ["head", [question.recipients.map((one) => [one.name, one.part]), question.urgent, question.risk], () => askedHead(question)],
      ...asking(question),
      ["answers", [pending, question.options, question.fields], () => (pending ? answers(question) : null)],
      ["rule", ruleWords(question), () => rule(question)],
      ["outcome", [question.state, question.outcome], () => (pending ? null : outcome(question))],
      ["people", [question.recipients, question.claimed_by, pending], () => people(question)],
      ["timetable", [pending, question.deadline, question.next_reminder_at, question.escalations], () => (pending ? timetable(question) : null)],
      ["responses", [question.responses, question.state], () => responses(question)],
      ["row", rowFacts(question), () => askerRow(question)],
    ]);
  };
  update(question);
  return { node, update };
}

function askedHead(question) {
  const asked = question.recipients.filter((one) => one.part !== "notified");
  const lead = isFromAgent(question) ? "Handraise asks " : "Asked ";
  return h("header", { class: "card-head" }, icon("hand"), h("p", { class: "quiet" }, lead, listing(asked.map((one) => nameOf(one.name)))), tags(question));
}

/** A question's card: for the one who answers (`inboxCard`) and for the one who asked (`askedCard`). */

import { answeredNote, answerForm } from "./answer.js";
import { arrange, avatar, button, h, listing, nameOf } from "./dom.js";
import { fromServer } from "./html.js";
import { icon } from "./icons.js";
import { perform } from "./socket.js";
import { timeNode } from "./times.js";
import { toast } from "./toasts.js";

const VIA = { chat: "on the page", web: "on the page", slack: "in Slack", email: "by e-mail", link: "by the mail’s link" };
const CLOSED = {
  approved: ["check", "Approved"], rejected: ["cross", "Rejected"], answered: ["check", "Answered"],
  expired: ["clock", "Nobody answered in time"], cancelled: ["close", "Taken back"], superseded: ["close", "Replaced by a newer question"],
};
const STANDING = { late: "late", comment: "comment", unclear: "unclear" };

function text(words, html, name) {
  const body = h("div", { class: `${name} ${html ? "rich" : "plain"}`, dir: "auto" });
  if (html) body.append(fromServer(html));
  else body.textContent = words;
  return body;
}

function via(channel) {
  return VIA[channel] ? ` ${VIA[channel]}` : "";
}

function deadline(question) {
  return h("p", { class: "deadline" }, icon("clock"),
    h("span", {}, "Answer by ", timeNode(question.deadline), " (", timeNode(question.deadline, "distance"), ")"));
}

function outcome(question) {
  const [glyph, word] = CLOSED[question.state] ?? ["info", question.state];
  const given = question.outcome;
  const by = given?.by && [" by ", nameOf(given.by.name)];
  const words = given?.words && question.state === "answered" ? h("q", { dir: "auto", text: given.words }) : null;
  const said = noteOf(question);
  const note = said ? h("p", { class: "outcome-note", dir: "auto", text: said }) : null;
  const when = given?.at ? h("p", { class: "outcome-when quiet" }, timeNode(given.at), via(given.via)) : null;
  return h("div", { class: "outcome", data: { testid: "outcome", state: question.state } }, icon(glyph),
    h("div", {}, h("p", {}, h("strong", { text: word }), by, words ? [": ", words] : null), note, when));
}

/** The words that came with a verdict, "approved: within budget", without the verdict. */
function noteOf({ state, outcome: given }) {
  if (state !== "approved" && state !== "rejected") return "";
  return given?.words?.replace(/^(approved|rejected)(: |$)/i, "") ?? "";
}

function responses(question) {
  // The deciding answer is the outcome already; what remains are votes, comments and late ones.
  const rest = question.responses.filter((one) => one.standing !== "decided");
  if (!rest.length) return null;
  return h("ul", { class: "responses" }, rest.map((one) => h("li", {},
    nameOf(one.by.name), ": ", h("q", { dir: "auto", text: one.words }), " ",
    h("span", { class: "quiet" }, timeNode(one.at), via(one.channel)),
    STANDING[one.standing] ? h("span", { class: "tag", text: lateness(one) }) : null)));
}

function lateness(one) {
  if (one.standing !== "late" || one.agrees === null) return STANDING[one.standing];
  return one.agrees ? "late, agrees" : "late, disagrees";
}

function rule(question) {
  if (question.quorum < 2) return null;
  return h("p", { class: "quiet", text: `${question.quorum} equal answers decide.` });
}

function shell(question, place) {
  return h("article", { class: "card", tabindex: "-1", data: { testid: "question-card", requestId: question.id, place } });
}

function mark(node, question) {
  node.dataset.state = question.state;
  node.dataset.risk = question.risk;
}

function risk(question) {
  return question.risk === "high" ? h("span", { class: "tag strong" }, icon("alert"), "High risk") : null;
}

/** Draw a card to answer on; `update(question)` changes only what changed, so that typing goes on. */
export function inboxCard(question, dismiss) {
  const node = shell(question, "inbox");
  const top = h("div", { class: "card-top" });
  const bottom = h("div", { class: "card-bottom" });
  let drawn = "";
  node.append(top, bottom);

  const form = () => bottom.replaceChildren(answerForm(question));
  const drawBottom = () => {
    if (question.state !== "pending") bottom.replaceChildren(outcome(question), ...ownLate(question), doneButton(dismiss));
    else if (question.answered_by_me) bottom.replaceChildren(answeredNote(form));
    else form();
  };
  const update = (newer) => {
    question = newer;
    mark(node, question);
    drawTop(top, question);
    const key = [question.state, question.digest, question.answered_by_me, JSON.stringify(question.outcome)].join("|");
    if (key !== drawn) drawBottom();
    drawn = key;
  };
  update(question);
  return { node, update };
}

function ownLate(question) {
  const list = responses(question);
  return list ? [list] : [];
}

function doneButton(dismiss) {
  return h("div", { class: "answer-row dismiss" }, button("Done", { class: "small", data: { testid: "card-done" }, on: { click: dismiss } }));
}

function others(question) {
  const also = question.recipients.filter((one) => one.name);
  if (also.length < 2) return null;
  return h("p", { class: "quiet" }, "Asked: ", listing(also.map((one) => h("span", {}, nameOf(one.name), one.answered ? " (answered)" : ""))));
}

function drawTop(top, question) {
  arrange(top, [
    h("header", { class: "card-head" }, avatar(question.asker.name),
      h("p", {}, nameOf(question.asker.name), h("span", { class: "quiet" }, " asks · ", timeNode(question.asked_at, "distance"))), risk(question)),
    text(question.question, question.question_html, "question"),
    question.context ? text(question.context, question.context_html, "context") : null,
    others(question), rule(question),
    question.state === "pending" ? deadline(question) : null,
  ].filter(Boolean));
}

/** Draw the card of a question that one's own session asked. */
export function askedCard(question) {
  const node = shell(question, "conversation");
  const update = (newer) => {
    question = newer;
    mark(node, question);
    const pending = question.state === "pending";
    arrange(node, [
      h("header", { class: "card-head" }, icon("hand"), h("p", { class: "quiet" }, "Asked ", listing(question.recipients.map((one) => nameOf(one.name)))), risk(question)),
      text(question.question, question.question_html, "question"),
      question.context ? text(question.context, question.context_html, "context") : null,
      question.kind === "choice" && pending ? h("p", { class: "quiet", dir: "auto", text: `Options: ${question.options.join(", ")}` }) : null,
      rule(question), pending ? waiting(question) : outcome(question), responses(question), pending ? cancelRow(question) : null,
    ].filter(Boolean));
  };
  update(question);
  return { node, update };
}

function waiting(question) {
  const missing = question.recipients.filter((one) => !one.answered);
  const names = missing.map((one) => h("span", {}, nameOf(one.name), one.seen ? " (has seen it)" : ""));
  return h("p", { class: "deadline" }, icon("hourglass"),
    h("span", {}, "Waiting for ", listing(names), " until ", timeNode(question.deadline), " (", timeNode(question.deadline, "distance"), ")"));
}

function cancelRow(question) {
  const take = button("Take back", { class: "small", data: { testid: "question-cancel" } });
  take.addEventListener("click", async () => {
    take.disabled = true;
    try {
      await perform({ type: "cancel", request_id: question.id });
    } catch (refusal) {
      take.disabled = false;
      toast(refusal.message, "error");
    }
  });
  const mine = question.for_me ? h("a", { class: "button small primary", href: "#/questions", text: "Answer it" }) : null;
  return h("div", { class: "answer-row" }, mine, take);
}

/** How a question ended, and every answer to it with what became of it. */

import { act } from "./deeds.js";
import { button, h, nameOf } from "./dom.js";
import { way } from "./facts.js";
import { icon } from "./icons.js";
import { timeNode } from "./times.js";

const CLOSED = {
  approved: ["check", "Approved"], rejected: ["cross", "Rejected"], answered: ["check", "Answered"],
  expired: ["clock", "Nobody answered in time"], cancelled: ["close", "Taken back"], superseded: ["close", "Replaced by a newer question"],
};
const STANDING = { late: "late", comment: "comment", unclear: "unclear", changes: "asks for changes" };

function via(channel) {
  return channel ? ` ${way(channel)}` : "";
}

/** Draw how a question ended. */
export function outcome(question) {
  const [glyph, word] = CLOSED[question.state] ?? ["info", question.state];
  const given = question.outcome;
  const by = given?.by && [" by ", nameOf(given.by.name)];
  const said = decidingWords(question);
  const words = said && question.state === "answered" ? h("q", { dir: "auto", text: said }) : null;
  const note = said && !words ? h("p", { class: "outcome-note", dir: "auto", text: said }) : null;
  const when = given?.at ? h("p", { class: "outcome-when quiet" }, timeNode(given.at), via(given.via)) : null;
  return h("div", { class: "outcome", data: { testid: "outcome", state: question.state } }, icon(glyph),
    h("div", {}, h("p", {}, h("strong", { text: word }), by, words ? [": ", words] : null), note, when));
}
/** Return the words that decided; those that came with a verdict, "approved: within budget", without it. */
export function decidingWords({ state, outcome: given }) {
  if (state === "answered") return given?.words ?? "";
  if (state !== "approved" && state !== "rejected") return "";
  return given?.words?.replace(/^(approved|rejected)(: |$)/i, "") ?? "";
}

/** Draw the votes, comments and late answers: the deciding one is the outcome already. */
export function responses(question) {
  const rest = question.responses.filter((one) => one.standing !== "decided");
  if (!rest.length) return null;
  return h("ul", { class: "responses", data: { testid: "responses" } }, rest.map((one) => h("li", { data: { testid: "response", standing: one.standing } },
    nameOf(one.by.name), ": ", h("q", { dir: "auto", text: one.words }), " ",
    h("span", { class: "quiet" }, timeNode(one.at), via(one.channel)),
    STANDING[one.standing] ? h("span", { class: "tag", text: standing(one) }) : null,
    mayDecide(question, one) ? take(question, one) : null)));
}

function standing(one) {
  if (one.standing !== "late") return STANDING[one.standing];
  const sent = one.in_time ? "sent in time, came late" : "late";
  if (one.agrees === null || one.agrees === undefined) return sent;
  return one.agrees ? `${sent}, agrees` : `${sent}, disagrees`;
}

function mayDecide(question, one) {
  return question.mine && question.state === "expired" && one.standing === "late" && one.in_time;
}

function take(question, one) {
  const place = h("span", { class: "take" });
  const go = () => act(question, { type: "reopen", response_id: one.id }, { place });
  place.append(button("Take this answer", { glyph: "check", class: "small", data: { testid: "reopen" }, on: { click: go } }));
  return place;
}

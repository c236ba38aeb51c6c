/** The story of one question: everything that happened to it, with who, when and where. */

import { read } from "./api.js";
import { h, listing, nameOf } from "./dom.js";
import { action, text, way } from "./facts.js";
import { loadQuestion } from "./feeds.js";
import { icon } from "./icons.js";
import { decidingWords } from "./outcome.js";
import { dayKey, dayName, timeNode } from "./times.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** By kind of entry: its icon, and its sentence from who did it or whom it is about. */
const SENTENCES = {
  "request.asked": ["hand", (one) => [one.who, " asked ", ...one.people, "."]],
  "request.reminded": ["bell", () => ["The people who had not answered were reminded."]],
  "request.escalated": ["pass", (one) => ["Nobody had decided: ", ...one.people, " asked besides."]],
  "request.delegated": ["pass", (one) => [one.who, " handed it on to ", one.person(one.data.to), "."]],
  "request.claimed": ["hand", (one) => [one.who, " said: I’m on it."]],
  "request.released": ["hand", (one) => [one.who, " left it to the others again."]],
  "request.asked_again": ["again", (one) => [one.who, " ", one.data.as ? h("a", { href: `#/questions/${one.data.as}/story`, text: "asked it again" }) : "asked it again", "."]],
  "request.reopened": ["again", (one) => [one.who, " let a late answer decide", ...one.words]],
  "request.passed_on": ["pass", (one) => [one.who, " is away and cannot answer."]],
  "request.judged_again": ["again", (one) => [one.person(one.data.person), " and ", one.person(one.data.into), " were found to be one person: their answers were counted once."]],
  "request.recipient_left": ["person", (one) => [one.person(one.data.person), " is no longer asked: what is known of them was erased."]],
  "contact.allowed": ["check", (one) => [one.who, " allowed writing to ", ...one.people, " for the first time."]],
  "request.approved": ["check", (one) => ["Approved by ", one.who, ...one.decision]],
  "request.rejected": ["cross", (one) => ["Rejected by ", one.who, ...one.decision]],
  "request.answered": ["check", (one) => ["Decided by ", one.who, ...one.decision]],
  "request.expired": ["clock", () => ["Nobody answered in time."]],
  "request.cancelled": ["close", (one) => ["Taken back by ", one.who, "."]],
  "request.superseded": ["close", () => ["Replaced by a newer question."]],
  "response.decided": ["check", (one) => [one.who, " answered, which decided it", ...one.words]],
  "response.counted": ["check", (one) => [one.who, " answered", ...one.words]],
  "response.late": ["clock", (one) => [one.who, " answered too late", one.relation, ...one.words]],
  "response.comment": ["chat", (one) => [one.who, " commented", ...one.words]],
  "response.changes": ["edit", (one) => [one.who, " asked for changes", ...one.words]],
  "response.unclear": ["info", (one) => [one.who, " said something that did not decide", ...one.words]],
  "surface.delivered": ["send", (one) => ["Delivered to ", one.who, "."]],
  "surface.seen": ["eye", (one) => [one.who, " has seen it."]],
  "surface.failed": ["alert", (one) => ["Could not be delivered to ", one.who, "; it is tried again."]],
  "surface.dead": ["alert", (one) => ["Given up delivering to ", one.who, "."]],
  "surface.returned": ["alert", (one) => ["The mail to ", one.who, " came back."]],
  "mail.returned": ["alert", (one) => ["A mail to ", one.who, " came back."]],
  "mail.delayed": ["clock", (one) => ["The mail to ", one.who, " is delayed; its server goes on trying."]],
  "mail.taken": ["mail", (one) => ["A mail by ", one.who, " was taken in."]],
  "surface.redriven": ["again", (one) => ["Delivery to ", one.who, " is tried once more."]],
  "post.dead": ["alert", () => ["A message about it could not be delivered and was given up."]],
  "post.redriven": ["again", () => ["Delivery of a message about it is tried once more."]],
  "person.merged": ["person", (one) => [one.who, " was found to be one person under two names."]],
  "person.erased": ["person", () => ["What was known of a person was erased, as they wished."]],
  "identity.linked": ["key", (one) => ["An address of ", one.who, " was confirmed."]],
  "profile.changed": ["edit", (one) => [one.who, " changed how they can be asked."]],
  "session.started": ["run", (one) => [one.who, " started the session."]],
  "session.held": ["pause", () => ["The session was held back: as many as may run were open."]],
  "session.reopened": ["again", (one) => [one.who, " reopened the session."]],
  "session.bound": ["chat", () => ["The session goes on in a further place."]],
  "session.warned": ["clock", () => ["The owner was told that the session would end soon."]],
  "session.timed_out": ["clock", () => ["The session ended: nothing was said for too long."]],
  "session.ended": ["flag", () => ["The session ended."]],
  "action.started": ["run", () => ["What was approved began to run."]],
  "action.finished": ["check", () => ["What was approved has run."]],
  "action.failed": ["alert", () => ["What was approved was not done: it could not be run, or was refused there."]],
  "action.unknown": ["alert", () => ["What was approved was sent; whether it worked is not known."]],
  "action.refused": ["alert", () => ["What was approved was refused when it should run."]],
  "action.postponed": ["clock", () => ["Running what was approved is tried again later."]],
};

function quoted(words) {
  return words ? [": ", h("q", { dir: "auto", text: words })] : ["."];
}

/** What a sentence is made of, found by the ids that the entry has. */
function facts(question, entry) {
  const everybody = [question.asker, ...question.recipients, question.claimed_by].filter(Boolean);
  const person = (id) => nameOf(everybody.find((one) => one.id === id)?.name ?? "somebody");
  // An id, or an id with the part that this person has.
  const ids = (entry.data.people ?? []).filter((one) => one[1] !== "notified").map((one) => (Array.isArray(one) ? one[0] : one));
  const named = ids.map((id) => (everybody.some((one) => one.id === id) || ID.test(id) ? person(id) : nameOf(id)));
  const people = named.length ? named : question.recipients.filter((one) => one.route === "asked" || one.route === "away").map((one) => nameOf(one.name));
  const response = question.responses.find((one) => one.id === entry.data.response);
  return {
    data: entry.data,
    person,
    who: entry.person ? nameOf(entry.person.name) : "Somebody",
    people: listing(people).concat(entry.kind === "request.escalated" ? [people.length === 1 ? " was" : " were"] : []),
    words: quoted(response?.words),
    decision: quoted(decidingWords(question)),
    relation: { true: ", in agreement", false: ", in disagreement" }[response?.agrees] ?? "",
  };
}

function detail(entry) {
  const words = entry.data.detail || entry.data.code;
  return words && /^(surface\.(failed|dead)|action\.)/.test(entry.kind) ? h("p", { class: "quiet", dir: "auto", text: String(words) }) : null;
}

function line(question, entry) {
  const [glyph, say] = SENTENCES[entry.kind] ?? ["info", () => [entry.kind.replaceAll(/[._]/g, " "), "."]];
  const means = entry.data.through;
  const where = means ? ` by ${means}` : entry.channel ? ` ${way(entry.channel)}` : null;
  return h("li", { class: "story-entry", data: { testid: "story-entry", kind: entry.kind } }, h("span", { class: "story-sign" }, icon(glyph)),
    h("div", {}, h("p", {}, say(facts(question, entry))), detail(entry), h("p", { class: "quiet" }, timeNode(entry.at, "clock"), where)));
}

/** A card is seen again after each change of it: what counts is the first time. */
function firstSeen(entries) {
  const seen = new Set();
  return entries.filter(({ kind, person, channel }) => {
    const key = kind === "surface.seen" && `${person?.id} ${channel}`;
    if (!key) return true;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

function timeLine(question, entries) {
  const days = new Map();
  for (const entry of entries) {
    const key = dayKey(entry.at);
    if (!days.has(key)) days.set(key, []);
    days.get(key).push(entry);
  }
  return [...days.values()].map((ofDay) => h("section", { class: "story-day" }, h("h3", { text: dayName(ofDay[0].at) }),
    h("ol", { class: "story-list" }, ofDay.map((entry) => line(question, entry)))));
}

function seal(verified) {
  const words = verified
    ? ["shield", "Verified", "Every entry is as it was written."]
    : ["alert", "Not verified", "An entry was changed, removed or put in after it was written, or the server’s key has changed. Tell whoever runs this server."];
  return h("p", { class: `seal ${verified ? "good" : "bad"}`, data: { testid: "story-verified", verified: String(verified) } }, icon(words[0]),
    h("span", {}, h("strong", { text: words[1] }), ` ${words[2]}`));
}

/** Draw the story of the question `id` into `place`. */
export async function showStory(place, isCurrent, id) {
  const [question, journal] = await Promise.all([loadQuestion(id), read(`/api/questions/${encodeURIComponent(id)}/journal`)]);
  if (!isCurrent()) return;
  const back = question.mine && question.session_id ? `#/s/${question.session_id}` : `#/questions/${question.id}`;
  const partly = question.mine ? null : h("p", { class: "hint", text: "You see what you did and how it ended; the asker sees all of it." });
  place.replaceChildren(
    h("p", {}, h("a", { class: "button small plain", href: back, data: { testid: "story-back" } }, icon("back"), h("span", { text: "Back" }))),
    h("h2", { tabindex: "-1", class: "sr-only", text: "The story of this question" }),
    text(question.question, question.question_html, "question"),
    ...[action(question), seal(journal.verified), partly].filter(Boolean),
    h("div", { data: { testid: "story-lines" } }, timeLine(question, firstSeen(journal.entries))));
}

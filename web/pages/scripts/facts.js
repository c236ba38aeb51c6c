/** What a card says about a question besides its words: rule, deadline, what would run, who is on it. */

import { offerCopies } from "./copy.js";
import { h, nameOf } from "./dom.js";
import { fromServer } from "./html.js";
import { icon } from "./icons.js";
import { timeNode } from "./times.js";

const WAYS = { chat: "on the page", web: "on the page", slack: "in Slack", email: "by e-mail", link: "by the mail’s link", system: "" };

/** Say over which channel, or "". */
export function way(channel) {
  return channel ? WAYS[channel] ?? `by ${channel}` : "";
}

/** Draw words that may have HTML from the server. */
export function text(words, html, name) {
  const body = h("div", { class: `${name} ${html ? "rich" : "plain"}`, dir: "auto" });
  if (html) {
    body.append(fromServer(html));
    offerCopies(body);
  }
  if (!html) body.textContent = words;
  return body;
}

/** Draw the signs of what is special about a question. */
export function tags(question, { told = false } = {}) {
  return [
    told && h("span", { class: "tag", data: { testid: "for-information" } }, icon("info"), "For your information"),
    question.urgent && h("span", { class: "tag raise", data: { testid: "urgent" } }, icon("bell"), "Urgent"),
    question.risk === "high" && h("span", { class: "tag strong", data: { testid: "high-risk" } }, icon("alert"), "High risk"),
  ];
}

/** Return those who decide. */
export function deciders(question) {
  return question.recipients.filter((one) => one.part !== "notified");
}

/** Say how many it takes, where it is not simply the first answer. */
export function ruleWords(question) {
  const many = deciders(question).length;
  const words = [];
  if (question.rule === "all") words.push(many === 2 ? "Both must agree." : "Everybody must agree.");
  if (question.rule === "quorum") words.push(`${question.needed ?? question.quorum} of ${many} must agree.`);
  if (question.veto) words.push("One no ends it.");
  const answered = deciders(question).filter((one) => one.answered).length;
  if (words.length && answered && question.state === "pending") words.push(`${answered} of ${many} answered so far.`);
  return words.join(" ");
}

/** Draw the rule, or nothing. */
export function rule(question) {
  const words = ruleWords(question);
  return words ? h("p", { class: "fact", data: { testid: "rule" } }, icon("person"), h("span", { text: words })) : null;
}

/** Draw until when an answer is wanted. */
export function deadline(question) {
  return h("p", { class: "deadline" }, icon("clock"),
    h("span", {}, "Answer by ", timeNode(question.deadline), " (", timeNode(question.deadline, "distance"), ")"));
}

/** Draw who has said to be on it. */
export function claimed(question, me) {
  if (!question.claimed_by || question.state !== "pending") return null;
  const who = question.claimed_by.id === me ? ["You are on it."] : [nameOf(question.claimed_by.name), " is on it."];
  return h("p", { class: "fact on-it", data: { testid: "claimed-by" } }, icon("hand"), h("span", {}, who));
}

// They could make what is read another thing than what runs.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function visible(words) {
  return words.replace(UNSEEN, (char) => `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);
}

function readArguments(raw) {
  try {
    const read = JSON.parse(raw);
    // A number that JavaScript cannot hold, say: then the text itself is what is bound.
    if (JSON.stringify(read) !== raw) return { arguments: raw };
    return read && typeof read === "object" && !Array.isArray(read) ? read : { arguments: read };
  } catch {
    return { arguments: raw };
  }
}

const LABELS = { arguments: "Exactly", method: "Method", url: "Address", headers: "Headers", body: "Body", timeout: "Time-out" };
const TOOLS = { http_request: "HTTP request", http: "HTTP request" };

function shown(name, value) {
  if (name === "timeout" && typeof value === "number") return h("dd", { text: `${value} seconds` });
  const long = typeof value === "string" && (value.length > 200 || value.includes("\n"));
  if (long) return h("dd", {}, h("pre", { dir: "ltr", tabindex: "0", "aria-label": LABELS[name] ?? name, text: visible(value) }));
  if (typeof value !== "object") return h("dd", {}, h("code", { dir: "ltr", text: visible(String(value)) }));
  // Long ones scroll, so they must be reachable by keyboard.
  return h("dd", {}, h("pre", { dir: "ltr", tabindex: "0", "aria-label": LABELS[name] ?? name, text: visible(JSON.stringify(value, null, 2)) }));
}

function isEmpty(value) {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function whenItRuns({ state, rule: by, for_me: forMe }) {
  if (state === "approved") return "Approved to run";
  if (state !== "pending") return "This does not run";
  return forMe && by === "first" ? "This runs if you approve" : "This runs if it is approved";
}

/** Whether the agent itself asks: for leave to write to somebody whom its owner has not named. */
export function isFromAgent(question) {
  return question.action?.tool === "contact";
}

/** Who asks, by name. */
export function askerName(question) {
  return isFromAgent(question) ? "Handraise" : question.asker.name;
}

/** Draw what will run after an approval: exactly what is bound, readably. */
export function action(question) {
  // What a contact question holds stands in its context, in words.
  if (!question.action || isFromAgent(question)) return null;
  const { tool, arguments: raw } = question.action;
  const read = readArguments(raw);
  const rows = Object.entries(read).filter(([, value]) => !isEmpty(value)).sort(byImportance);
  return h("section", { class: "action", "aria-label": whenItRuns(question), data: { testid: "action" } },
    h("p", { class: "action-head" }, icon("run"), h("strong", { text: whenItRuns(question) }), h("span", { class: "quiet", text: TOOLS[tool] ?? tool })),
    h("dl", {}, rows.map(([name, value]) => [h("dt", { text: LABELS[name] ?? name }), shown(name, value)])));
}

function byImportance([a], [b]) {
  const order = Object.keys(LABELS);
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** Say what can be answered, for those who only look on. */
export function answers(question) {
  if (question.kind === "choice") {
    return h("p", { class: "quiet", dir: "auto", text: `Options${question.multiple ? " (several may be chosen)" : ""}: ${question.options.join(", ")}` });
  }
  if (question.kind === "form") {
    return h("p", { class: "quiet", dir: "auto", text: `To fill in: ${question.fields.map(({ label }) => label).join(", ")}` });
  }
  return null;
}

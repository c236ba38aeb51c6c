/** How single entries of a conversation look: messages, previews, unsent text, day borders. */

import { offerCopies } from "./copy.js";
import { avatar, button, h, nameOf } from "./dom.js";
import { fromServer } from "./html.js";
import { icon } from "./icons.js";
import { remove, retry } from "./outbox.js";
import { state } from "./state.js";
import { dayName, timeNode } from "./times.js";

const VIA = { chat: ["chat", "on the page"], slack: ["slack", "in Slack"], email: ["mail", "by mail"] };

/** Say by which channel a message came, shortly. */
function via(channel) {
  const [glyph, words] = VIA[channel] ?? [];
  return words ? h("span", { class: "via", data: { testid: "via", channel } }, icon(glyph), h("span", { text: words })) : null;
}

function isMine(message) {
  return message.role === "user" && message.author?.id === state.account?.person_id;
}

function textBody(text) {
  return h("div", { class: "body plain", dir: "auto", text });
}

function htmlBody(html) {
  const body = h("div", { class: "body rich", dir: "auto" });
  body.append(fromServer(html));
  offerCopies(body);
  return body;
}

function head(message) {
  if (isMine(message)) return h("span", { class: "sr-only", text: "You:" });
  if (message.role === "agent") return h("header", { class: "head" }, h("span", { class: "avatar agent", "aria-hidden": "true" }, icon("hand")), h("span", { class: "name", text: "Handraise" }));
  const name = message.author?.name ?? "Somebody";
  return h("header", { class: "head" }, avatar(name), nameOf(name));
}

/** Draw a stored message; one whose question's card follows says its words only to screen readers. */
export function messageNode(message, { carded = false } = {}) {
  const data = { testid: "message", seq: message.seq, role: message.role, mine: String(isMine(message)) };
  const time = h("footer", { class: "when" }, timeNode(message.at, "clock"), message.role === "system" ? null : via(message.channel));
  const body = message.html ? htmlBody(message.html) : textBody(message.text);
  if (message.role === "system") {
    return h("article", { class: "entry system", data }, icon("info"), body, time);
  }
  if (carded) body.classList.add("sr-only");
  return h("article", { class: `entry ${message.role}`, data: { ...data, carded: carded ? "true" : null } }, head(message), body, time);
}

/** Draw a reply that is being written; `update(text)` shows more of it. */
export function previewNode() {
  const words = document.createTextNode("");
  // Not read out piece by piece: the stored message will be.
  const body = h("div", { class: "body plain", dir: "auto", "aria-live": "off" }, words, h("span", { class: "caret", "aria-hidden": "true" }));
  const node = h("article", { class: "entry agent preview", data: { testid: "preview" } }, head({ role: "agent" }), body);
  return {
    node,
    update(text) {
      // Appending keeps a selection in the text alive.
      if (text.startsWith(words.data)) words.appendData(text.slice(words.data.length));
      else words.data = text;
    },
  };
}

/** Draw what is not stored yet, with what can be done about it. */
export function outboxNode(entry) {
  const failed = entry.state === "failed";
  const words = failed ? `Not sent: ${entry.error}` : entry.error ?? (state.connection.state === "connected" ? "Sending…" : "Will be sent when you are connected");
  const actions = failed && h("div", { class: "unsent-row" },
    button("Try again", { class: "small", data: { testid: "retry" }, on: { click: () => retry(entry) } }),
    button("Throw away", { class: "small plain", on: { click: () => remove(entry) } }));
  return h("article", { class: "entry user unsent", data: { testid: "unsent", state: entry.state, mine: "true" } },
    h("span", { class: "sr-only", text: "You:" }), textBody(entry.text),
    h("footer", { class: "when" }, icon(failed ? "alert" : "clock"), h("span", { role: failed ? "alert" : null, text: words }), actions));
}

/** Draw the border between two days. */
export function dayNode(iso) {
  return h("div", { class: "day", role: "separator" }, h("span", { text: dayName(iso) }));
}

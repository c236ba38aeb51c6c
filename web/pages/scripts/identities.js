/** Who somebody is on each channel, as proven, and in which order the channels are tried. */

import { h, listing } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

const GLYPHS = { email: "mail", slack: "slack", chat: "chat" };
const NAMES = { email: "E-mail", slack: "Slack", chat: "This page" };

function row(channel, words, proven, extra = null) {
  return h("li", { class: "identity", data: { testid: "identity", channel, proven: String(proven) } }, icon(GLYPHS[channel] ?? "person"),
    h("div", {}, h("p", {}, h("bdi", { text: words }), " ", h("span", { class: "quiet", text: NAMES[channel] ?? channel })), extra),
    h("span", { class: `tag ${proven ? "good" : "raise"}` }, icon(proven ? "check" : "alert"), proven ? "Confirmed" : "Not confirmed"));
}

/** Draw the identities. */
export function identitiesPart(profile) {
  const { account } = state;
  const proven = profile.identities ?? [];
  const rows = proven.map((one) => row(one.channel, one.name || one.key, true, one.name && one.channel === "email" ? h("p", { class: "quiet", dir: "auto", text: one.key }) : null));
  if (!account.verified && !proven.some((one) => one.key === account.email.toLowerCase())) {
    rows.unshift(row("email", account.email, false, h("p", {}, h("a", { href: "#/verify", text: "Enter the code" }), " so that people can ask you.")));
  }
  return h("section", { class: "profile-part", "aria-labelledby": "identities-title" }, h("h3", { id: "identities-title", text: "Where you are known" }),
    h("p", { class: "hint", text: "Only what is confirmed receives questions, and only from there an answer counts." }),
    h("ul", { class: "identities" }, rows));
}

/** Say in which order the channels are tried for this person. */
export function orderWords(profile, preferred) {
  const order = [preferred, profile.last_channel, ...profile.channels].filter((name, at, all) => name && profile.channels.includes(name) && all.indexOf(name) === at);
  const names = order.map((name) => h("b", { text: NAMES[name] ?? name }));
  if (names.length < 2) return ["You are asked on this page: no other channel is connected."];
  return ["Tried in this order, the next one when you do not answer: ", ...listing(names), "."];
}

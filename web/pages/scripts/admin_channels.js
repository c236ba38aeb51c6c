/** The channels: how each does and why, connecting one, and what did not get through. */

import { failedLists } from "./admin_failed.js";
import { span } from "./admin_plots.js";
import { busy, channelName, section } from "./admin_tables.js";
import { call, read } from "./api.js";
import { button, h, patch } from "./dom.js";
import { icon } from "./icons.js";

const AGAIN = 10_000;
const STATES = { ready: ["check", "Ready"], degraded: ["alert", "Degraded"], closed: ["pause", "Closed"] };
const CIRCUITS = { closed: "tried as usual", open: "paused after failures", "half-open": "being tried again" };
const WAYS = { slack: "Install in a Slack workspace", email: "Connect the mailbox" };

/** What a channel tells of itself, and how long ago something was. */
const FACTS = { address: "Address" };
const AGES = { read_age_seconds: "Last read", watch_age_seconds: "Watch renewed" };

/** What is to be typed or opened stands out: addresses, and what has backticks. */
function said(words) {
  return words.split(/(https?:\/\/\S+|`[^`]+`)/).map((part) => (/^(https?:|`)/.test(part) ? h("code", { text: part.replaceAll("`", "") }) : part));
}

/** Ask where consent is given, and go there. */
async function connect({ connect: { method, path } }, control) {
  const answer = await busy(control, () => call(method, path));
  const url = answer?.url ?? answer?.authorization_url;
  if (url && /^https?:/.test(url)) location.assign(url);
}

function connector(channel) {
  if (!channel.connect) return null;
  const words = channel.state === "ready" && channel.name === "email" ? "Connect the mailbox anew" : WAYS[channel.name] ?? "Connect";
  const control = button(words, { class: channel.state === "ready" ? "small" : "small primary", glyph: "pass", data: { testid: `connect-${channel.name}` } });
  control.addEventListener("click", () => connect(channel, control));
  return control;
}

function lanes(channel) {
  if (!channel.lanes.length) return null;
  return h("ul", { class: "lanes", "aria-label": "Circuits that are not as usual" }, channel.lanes.map((lane) => h("li", { data: { testid: "lane", breaker: lane.breaker } },
    h("code", { text: lane.lane }), ` ${CIRCUITS[lane.breaker]}, ${lane.failures} ${lane.failures === 1 ? "failure" : "failures"} in a row`)));
}

function counted(number, one, many) {
  return h("li", { text: `${number} ${number === 1 ? one : many}` });
}

function fact([name, value]) {
  const words = AGES[name] ? `${span(Number(value))} ago` : value;
  return [h("dt", { text: AGES[name] ?? FACTS[name] ?? name }), h("dd", { text: words })];
}

function card(channel) {
  const [glyph, words] = STATES[channel.state];
  const details = Object.entries(channel.details);
  return h("article", { class: "channel", data: { testid: "channel", channel: channel.name, state: channel.state } },
    h("header", {}, h("h4", { text: channelName(channel.name) }), h("span", { class: "state", data: { state: channel.state } }, icon(glyph), words)),
    channel.reason ? h("p", { data: { testid: "channel-reason" } }, said(channel.reason)) : null, lanes(channel),
    details.length ? h("dl", { class: "facts" }, details.map(fact)) : null,
    h("ul", { class: "counts" }, counted(channel.waiting, "card waits", "cards wait"), counted(channel.failed, "card given up", "cards given up")),
    connector(channel));
}

/** Draw the channels into `place`, and keep them true while they are looked at. */
export async function showChannels(place, isCurrent) {
  const cards = h("div", { class: "channels" });
  const draw = async () => {
    const { channels } = await read("/api/admin/channels");
    patch(cards, channels.map((channel) => [channel.name, channel, () => card(channel)]));
  };
  const [lists] = await Promise.all([failedLists(), draw()]);
  place.replaceChildren(section("Channels", cards), ...lists);
  const timer = setInterval(() => {
    if (!isCurrent()) return clearInterval(timer);
    // What cannot be read now is read in a moment; the bar above tells that the server is away.
    if (document.visibilityState === "visible") draw().catch(() => null);
  }, AGAIN);
}

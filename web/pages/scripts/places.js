/** Where the session that is shown lives besides the page, and where its owner can have it go on. */

import { call, read } from "./api.js";
import { button, byId, h, listing, nameOf, patch } from "./dom.js";
import { icon } from "./icons.js";
import { shownSession, subscribe } from "./state.js";
import { toast } from "./toasts.js";

const GLYPHS = { email: "mail", slack: "chat" };
const WAYS = { email: "by mail", slack: "in Slack" };
const ARRIVED = {
  email: (address) => `A mail is in your mailbox${address ? `, ${address}` : ""}. Reply to it, and the session goes on there too.`,
  slack: () => "There is a new thread in your messages with Handraise in Slack. Write there, and the session goes on there too.",
};

const known = new Map();
/** What was wanted on this page and has not come about: `${session} ${channel}`, with how many were there before, and for which address. */
const wanted = new Map();
let shown = "";

function wayWords(channel) {
  return WAYS[channel] ?? `on ${channel}`;
}

function peopleWords(people) {
  if (!people.length) return [];
  return [" with ", ...listing(people.slice(0, 3).map(nameOf)), people.length > 3 ? ` and ${people.length - 3} more` : null];
}

function sentence(words) {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function chip(place, ...content) {
  return h("span", { class: "place", data: { testid: "place", channel: place.channel, state: place.state } }, icon(GLYPHS[place.channel] ?? "chat"), content);
}

function placeNode(place) {
  const way = wayWords(place.channel);
  if (place.state === "opening") {
    const trouble = place.error ? ` ${sentence(place.error)} It is tried again by itself.` : "";
    return chip(place, h("span", { dir: "auto", text: `opening ${way}…${trouble}` }));
  }
  if (place.state === "failed") {
    const again = h("button", { type: "button", class: "link", data: { testid: "place-again", channel: place.channel }, text: "Try again" });
    again.setAttribute("aria-label", `Try again to go on ${way}`);
    again.addEventListener("click", () => openPlace(again, place.channel, place.address));
    return chip(place, h("span", { dir: "auto", text: `could not be opened ${way}: ${sentence(place.error || "no reason given")}` }), " ", again);
  }
  if (place.channel === "email") return chip(place, h("span", {}, way, peopleWords(place.people)));
  const words = place.channel === "slack" ? `in a Slack ${place.name || "thread"}` : way;
  if (!place.url) return chip(place, h("span", { text: words }));
  const data = { testid: "place", channel: place.channel, state: place.state };
  return h("a", { class: "place", href: place.url, target: "_blank", rel: "noopener noreferrer", title: "Open it there", data }, icon("chat"), h("span", { text: words }));
}

/** One address needs no naming; of several each is named. */
function wayNode(way, ways) {
  if (way.refusal) return h("p", { class: "place", data: { testid: "place-refusal", channel: way.channel } }, icon(GLYPHS[way.channel]), h("span", { text: way.refusal }));
  const several = ways.filter((one) => one.channel === way.channel).length > 1;
  const who = way.channel === "email" ? `to ${way.address}` : several ? `as ${way.name || way.address}` : "in a direct message";
  const control = button(`Go on ${wayWords(way.channel)}, ${who}`, { class: "small", glyph: GLYPHS[way.channel], data: { testid: "place-open", channel: way.channel } });
  control.addEventListener("click", () => openPlace(control, way.channel, way.address));
  return control;
}

function waysNode(ways) {
  const channels = [...new Set(ways.map((way) => way.channel))].map(wayWords);
  return h("details", { class: "ways", data: { testid: "place-ways" } },
    h("summary", { text: `Go on ${channels.join(" or ")}` }),
    h("p", { class: "quiet", text: "Only the session's name is shown there, nothing that was said before." }),
    ways.map((way) => wayNode(way, ways)));
}

function draw({ places = [], ways = [] } = {}) {
  const line = byId("bar-places");
  const inPlace = (name) => places.some((place) => place.channel === name && place.state !== "failed");
  // What was given up is tried again at the place that says so.
  const open = ways.filter((way) => way.refusal ? !inPlace(way.channel) : !places.some((place) => place.channel === way.channel && place.state === "failed" && place.address === way.address));
  line.hidden = !places.length && !open.length;
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", "Where this session goes on besides");
  line.tabIndex = -1;
  patch(line, [
    ...(places.length ? [["lead", "", () => h("span", { class: "sr-only", text: "Also goes on " })]] : []),
    ...places.map((place, at) => [`place ${at}`, place, () => placeNode(place)]),
    ...(open.length ? [["ways", open, () => waysNode(open)]] : []),
  ]);
}

function openAt(session, channel) {
  return (known.get(session.id)?.places ?? []).filter((place) => place.channel === channel && place.state === "open").length;
}

/** Say what became of what was wanted here; a place that was there before is no answer. */
function tell(session, places) {
  for (const [key, { before, address }] of wanted) {
    const channel = key.slice(session.id.length + 1);
    if (key !== `${session.id} ${channel}`) continue;
    const there = places.filter((place) => place.channel === channel);
    const failed = there.find((place) => place.state === "failed");
    if (there.some((place) => place.state === "opening") || (!failed && openAt(session, channel) <= before)) continue;
    wanted.delete(key);
    if (failed) toast(`It could not be opened ${wayWords(channel)}: ${sentence(failed.error || "no reason given")}`, "error");
    else toast(ARRIVED[channel](address), "good");
  }
}

async function load(session) {
  const found = await read(`/api/sessions/${encodeURIComponent(session.id)}/places`);
  known.set(session.id, found);
  if (shownSession()?.id !== session.id) return;
  draw(found);
  tell(session, found.places);
}

async function openPlace(control, channel, address) {
  const session = shownSession();
  control.disabled = true;
  byId("bar-places").focus({ preventScroll: true });
  const before = openAt(session, channel);
  try {
    await call("POST", `/api/sessions/${encodeURIComponent(session.id)}/places`, address ? { channel, address } : { channel });
    wanted.set(`${session.id} ${channel}`, { before, address });
  } catch (refusal) {
    toast(refusal.message, "error");
    control.disabled = false;
    if (control.isConnected) control.focus({ preventScroll: true });
  }
  await load(session).catch(() => { shown = ""; });
}

async function follow() {
  const session = shownSession();
  // A message may have come from a place that is new: what is known of one is asked again then.
  const key = session ? `${session.id} ${session.cursor}` : "";
  if (key === shown) return;
  shown = key;
  draw(session ? known.get(session.id) : undefined);
  if (!session) return;
  try {
    await load(session);
  } catch {
    if (shown === key) shown = ""; // the session's own error is told in the conversation
  }
}

/** Keep the places of the shown session true. */
export function startPlaces() {
  subscribe(["sessions", "route"], follow);
  follow();
}

/** Where the session that is shown lives besides the page: Slack threads, mail threads. */

import { read } from "./api.js";
import { byId, h, listing, nameOf } from "./dom.js";
import { icon } from "./icons.js";
import { shownSession, subscribe } from "./state.js";

const known = new Map();
let shown = "";

function placeNode(place) {
  if (place.channel === "email") {
    return h("span", { class: "place", data: { testid: "place", channel: "email" } }, icon("mail"),
      h("span", {}, "by mail", place.people.length ? [" with ", ...listing(place.people.slice(0, 3).map(nameOf)), place.people.length > 3 ? ` and ${place.people.length - 3} more` : null] : null));
  }
  const words = place.channel === "slack" ? `in a Slack ${place.name || "thread"}` : `on ${place.channel}`;
  const content = [icon("chat"), h("span", { text: words })];
  const data = { testid: "place", channel: place.channel };
  return place.url
    ? h("a", { class: "place", href: place.url, target: "_blank", rel: "noopener noreferrer", title: "Open it there", data }, content)
    : h("span", { class: "place", data }, content);
}

function draw(places) {
  const line = byId("bar-places");
  line.hidden = !places.length;
  line.replaceChildren(...(places.length ? [h("span", { class: "sr-only", text: "Also goes on " }), ...places.map(placeNode)] : []));
}

async function follow() {
  const session = shownSession();
  // A message may have come from a place that is new: what is known of one is asked again then.
  const key = session ? `${session.id} ${session.cursor}` : "";
  if (key === shown) return;
  shown = key;
  draw(session ? known.get(session.id) ?? [] : []);
  if (!session) return;
  try {
    const { places } = await read(`/api/sessions/${encodeURIComponent(session.id)}/places`);
    known.set(session.id, places);
    if (shownSession()?.id === session.id) draw(places);
  } catch {
    if (shown === key) shown = ""; // the session's own error is told in the conversation
  }
}

/** Keep the places of the shown session true. */
export function startPlaces() {
  subscribe(["sessions", "route"], follow);
  follow();
}

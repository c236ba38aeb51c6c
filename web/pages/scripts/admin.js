/** The administration: its parts, one at a time, each with an address of its own. */

import { showChannels } from "./admin_channels.js";
import { showJournal } from "./admin_journal.js";
import { showLimits } from "./admin_limits.js";
import { showNumbers } from "./admin_numbers.js";
import { showPeople } from "./admin_people.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

/** By its name in the address: what it is called, and how it is drawn. */
const PARTS = {
  numbers: ["Numbers", showNumbers],
  channels: ["Channels", showChannels],
  people: ["People", showPeople],
  journal: ["Journal", showJournal],
  limits: ["Limits", showLimits],
};

let styled = null;

/** Get the style sheet of this page, which nobody else needs. */
function style() {
  styled ??= new Promise((done) => {
    const link = h("link", { rel: "stylesheet", href: new URL("../styles/admin.css", import.meta.url).href, on: { load: done, error: done } });
    document.head.append(link);
  });
  return styled;
}

function tabs(current) {
  return h("nav", { class: "admin-tabs", "aria-label": "Parts of the administration" },
    Object.entries(PARTS).map(([name, [title]]) => h("a", { href: `#/admin/${name}`, "aria-current": name === current ? "page" : null, data: { testid: `admin-${name}` }, text: title })));
}

function nobody(place) {
  place.replaceChildren(h("div", { class: "empty" }, icon("shield"), h("h2", { tabindex: "-1", text: "For administrators" }),
    h("p", { class: "quiet", text: "This account is not an administrator’s. Ask one to make it so, if you are to look after this server." })));
}

/** Draw the part of the administration that the address names into `place`. */
export async function showAdmin(place, isCurrent, id) {
  if (!state.account?.is_admin) return nobody(place);
  const [given, ...rest] = (id ?? "").split("/");
  const name = given in PARTS ? given : "numbers";
  const [title, show] = PARTS[name];
  const body = h("div", { class: "admin-body", data: { testid: "admin-part", part: name } });
  // Drawn where nobody looks, and shown at once: nothing jumps.
  await Promise.all([style(), show(body, isCurrent, rest.join("/"))]);
  if (isCurrent()) place.replaceChildren(h("div", { class: "admin" }, tabs(name), h("h2", { tabindex: "-1", class: "sr-only", text: title }), body));
}

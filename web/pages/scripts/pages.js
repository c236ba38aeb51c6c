/** What has a page of its own instead of the conversation: a question's story, the profile. */

import { button, byId, h } from "./dom.js";
import { Refusal } from "./http.js";
import { state, subscribe } from "./state.js";

/** Loaded when they are first wanted, or when there is nothing else to do: the first screen needs none. */
const PAGES = {
  story: async (...given) => (await import("./story.js")).showStory(...given),
  profile: async (...given) => (await import("./profile.js")).showProfile(...given),
  admin: async (...given) => (await import("./admin.js")).showAdmin(...given),
};

let shown = "";
let version = null;
let turn = 0;

function problem(place, error) {
  // A module that could not be read, or is of another version by now: the browser tries it only once.
  const isOurs = error instanceof Refusal;
  const words = isOurs ? error.message : "This part of the page could not be loaded. Load the page again; what you have written is kept.";
  const again = isOurs ? ["Try again", () => draw(true)] : ["Load the page again", () => location.reload()];
  place.replaceChildren(h("div", { class: "log-note with-button", role: "alert" }, h("p", { text: words }),
    button(again[0], { class: "small", on: { click: again[1] } })));
}

/** Draw the page that the address names; again only when it is another, or `afresh`. */
async function draw(afresh = false) {
  const { name, id } = state.route;
  const key = name in PAGES ? `${name} ${id}` : "";
  const place = byId("page");
  place.hidden = !key;
  const entered = key !== shown;
  if (!entered && !afresh) return;
  shown = key;
  const mine = ++turn;
  version = null;
  if (!key) return place.replaceChildren();
  if (entered) place.replaceChildren(h("p", { class: "log-note", role: "status", text: "Loading…" }));
  try {
    await PAGES[name](place, () => mine === turn, id);
    if (mine !== turn) return;
    version = state.questions.get(id)?.version ?? null;
    if (entered) place.querySelector("h2")?.focus({ preventScroll: true });
  } catch (error) {
    if (mine === turn) problem(place, error);
  }
}

/** A story goes on while it is read. */
function follow() {
  const now = state.questions.get(state.route.id)?.version;
  if (state.route.name === "story" && version !== null && now > version) draw(true);
}

/** Keep the page true to the address. */
export function startPages() {
  subscribe(["route"], () => draw());
  subscribe(["questions"], follow);
  draw();
  const idle = globalThis.requestIdleCallback ?? ((fn) => setTimeout(fn, 2000));
  // So that they are there when the network is not.
  idle(() => Promise.all([import("./story.js"), import("./profile.js")]).catch(() => null));
}

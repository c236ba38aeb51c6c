/** Which part of the page is shown, kept in the address after `#`. */

import { set, state } from "./state.js";

const SHAPES = [
  [/^#\/s\/([\w.-]+)$/, "session"],
  [/^#\/questions\/([\w.-]+)\/story$/, "story"],
  [/^#\/profile$/, "profile"],
  [/^#\/admin(?:\/([\w./=&:%+-]*))?$/, "admin"],
  [/^#\/questions(?:\/([\w.-]+))?$/, "questions"],
  [/^#\/(?:new)?$/, "home"],
  [/^#\/register$/, "register"],
  [/^#\/sign-in$/, "sign-in"],
  [/^#\/forgot$/, "forgot"],
  [/^#\/reset\/([\w-]+)$/, "reset"],
  [/^#\/invite\/([\w-]+)$/, "invite"],
  [/^#\/verify$/, "verify"],
];

function readAddress() {
  const hash = location.hash || "#/";
  for (const [shape, name] of SHAPES) {
    const match = shape.exec(hash);
    if (match) return { name, id: match[1] ?? null };
  }
  return { name: "home", id: null };
}

/** Follow the address from now on. */
export function startRouter() {
  state.route = readAddress();
  addEventListener("hashchange", () => set("route", readAddress()));
}

/** Show another part of the page. */
export function go(hash, { replace = false } = {}) {
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, "", hash);
  set("route", readAddress());
}

/** The sidebar as a drawer on narrow screens. */

import { byId } from "./dom.js";
import { subscribe } from "./state.js";

const narrow = matchMedia("(max-width: 820px)");

function show(open) {
  const sidebar = byId("sidebar");
  const hidden = narrow.matches && !open;
  const had = sidebar.contains(document.activeElement);
  document.body.dataset.drawer = narrow.matches && open ? "open" : "closed";
  // What cannot be seen must not be reached by keyboard or screen reader, on either side.
  sidebar.inert = hidden;
  document.querySelector(".stage").inert = narrow.matches && open;
  byId("drawer-open").setAttribute("aria-expanded", String(narrow.matches && open));
  if (narrow.matches && open) byId("drawer-close").focus();
  if (hidden && had) byId("drawer-open").focus();
}

/** Wire the drawer's buttons, its scrim and Escape. */
export function startDrawer() {
  byId("drawer-open").addEventListener("click", () => show(true));
  byId("drawer-close").addEventListener("click", () => show(false));
  byId("scrim").addEventListener("click", () => show(false));
  byId("sidebar").addEventListener("click", (event) => event.target.closest("a") && show(false));
  addEventListener("keydown", (event) => event.key === "Escape" && document.body.dataset.drawer === "open" && show(false));
  narrow.addEventListener("change", () => show(false));
  subscribe(["route", "screen"], () => show(false));
  show(false);
}

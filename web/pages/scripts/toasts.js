/** Short notices at the page's edge: what happened and what to do. */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const GLYPHS = { error: "alert", info: "info", good: "check" };

/** Show a notice; `kind` is `info`, `good` or `error`. The same words are shown once at a time. */
export function toast(words, kind = "info") {
  const region = byId("toasts");
  for (const shown of region.children) if (shown.dataset.words === words) shown.remove();
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close this notice" }, icon("close"));
  const role = kind === "error" ? "alert" : "status";
  const note = h("div", { class: `toast ${kind}`, role, data: { words, testid: "toast" } },
    icon(GLYPHS[kind]), h("p", { dir: "auto", text: words }), close);
  close.addEventListener("click", () => note.remove());
  region.append(note);
  while (region.children.length > 3) region.firstElementChild.remove();
  expire(note, kind === "error" ? 12_000 : 5000);
}

function expire(note, after) {
  setTimeout(() => {
    // Somebody is reading it or about to close it.
    if (note.matches(":hover, :focus-within")) expire(note, 2000);
    else note.remove();
  }, after);
}

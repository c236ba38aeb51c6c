/** Keys for those who do not want to reach for the mouse; none of them decides anything by itself. */

import { byId, h } from "./dom.js";
import { keep, kept } from "./keep.js";
import { go } from "./router.js";
import { toast } from "./toasts.js";

const ANSWERS = ":is(button, input, select, textarea):is([data-testid=answer-approve], [data-testid=answer-option], [data-testid=answer-text], [data-testid^=answer-field])";

/** In the order in which the help lists them: key, what it does, and doing it. */
const KEYS = [
  ["Everywhere", [
    ["q", "Questions for you", () => go("#/questions")],
    ["n", "New session", () => go("#/")],
    ["/", "Write to the agent", write],
    ["e", "To the newest message", () => byId("jump").click()],
    ["?", "These keys", () => showKeys()],
  ]],
  ["On questions", [
    ["j", "Next question", () => step(1)],
    ["k", "Previous question", () => step(-1)],
    ["a", "To the answer; Enter then gives it", () => toIn(ANSWERS)],
    ["1", "To the first option, 2 to the second …", null],
    ["i", "I’m on it, or let others do it", () => press("claim", "release")],
    ["c", "Comment", () => press("comment")],
    ["r", "Ask for changes", () => press("changes")],
    ["d", "Hand on", () => press("delegate")],
    ["s", "Story of the question", () => press("story")],
    ["x", "Done with it", () => press("card-done")],
  ]],
];

const actions = new Map(KEYS.flatMap(([, keys]) => keys).filter(([, , run]) => run).map(([key, , run]) => [key, run]));

function write() {
  if (byId("composer").checkVisibility?.() === false) go("#/");
  setTimeout(() => byId("composer").focus());
}

/** The cards that can be seen, in order. */
function cards() {
  return [...document.querySelectorAll(".card")].filter((card) => card.checkVisibility?.() ?? card.offsetParent);
}

function current() {
  return document.activeElement?.closest?.(".card") ?? null;
}

function step(by) {
  const all = cards();
  if (!all.length) return toast("There is no question here. Press q for those that wait for you.", "info");
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** Do `act` in the card one is in; else in the only or first one, which is then shown to be meant. */
function inCard(act) {
  if (!current()) step(1);
  const card = current();
  if (card) act(card);
}

function toIn(selector, index = 0) {
  inCard((card) => [...card.querySelectorAll(selector)].filter((one) => one.checkVisibility?.() ?? true)[index]?.focus());
}

function press(...names) {
  inCard((card) => card.querySelector(names.map((name) => `[data-testid="${name}"]`).join())?.click());
}

function isWriting(target) {
  return target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.body.dataset.screen !== "app" || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  // WCAG 2.1.4: who dictates or often hits a key by chance can do without them.
  if (kept("keys") === "off" && event.key !== "?") return;
  const digit = /^[1-9]$/.test(event.key);
  if (!digit && !actions.has(event.key)) return;
  event.preventDefault();
  if (digit) toIn("[data-testid=answer-option], [data-testid=answer-approve], [data-testid=answer-reject]", Number(event.key) - 1);
  else actions.get(event.key)();
}

function table([title, keys]) {
  return h("section", {}, h("h3", { text: title }), h("dl", { class: "keys" }, keys.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", { text: key })), h("dd", { text: words })))));
}

/** Show the keys. */
export function showKeys() {
  const use = h("input", { type: "checkbox", checked: kept("keys") !== "off", data: { testid: "keys-use" } });
  use.addEventListener("change", () => keep("keys", use.checked ? null : "off"));
  const close = h("button", { class: "button primary", data: { testid: "keys-close" }, text: "Close" });
  const form = h("form", { method: "dialog" }, h("label", { class: "check" }, use, h("span", { text: "Use single keys" })), close);
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "keys-title", data: { testid: "keys" } },
    h("h2", { id: "keys-title", text: "Keys" }), h("div", { class: "keys-tables" }, KEYS.map(table)), form);
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** Listen for the keys. */
export function startShortcuts() {
  addEventListener("keydown", onKey);
  byId("show-keys").addEventListener("click", showKeys);
}

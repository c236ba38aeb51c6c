/** Completes people's names while one writes them: after an `@`, or in a field that is one name. */

import { read } from "./api.js";
import { avatar, byId, h } from "./dom.js";

const WAIT = 120;
const MENTION = /(?:^|[\s(,;:])@([\p{L}\p{N}._'-]{0,40})$/u;

let made = 0;

/** What is being named just before the caret: `{from, text}`, or null. */
function naming(box, whole) {
  const caret = box.selectionStart;
  if (caret !== box.selectionEnd) return null;
  if (whole) return { from: 0, text: box.value.trim() };
  const found = MENTION.exec(box.value.slice(0, caret));
  return found ? { from: caret - found[1].length - 1, text: found[1] } : null;
}

/**
 * Offer names in `box`. With `whole`, the field is one name and nothing else; `place` is where the
 * list stands, the box's parent if it is left out.
 */
export function completePeople(box, { whole = false, place = null } = {}) {
  const id = `people-${++made}`;
  const list = h("ul", { class: "people", id, role: "listbox", "aria-label": "People", hidden: true, data: { testid: "people" } });
  const said = h("span", { class: "sr-only", role: "status" });
  let found = [];
  let at = 0;
  let asked = 0;
  let timer = 0;
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("autocomplete", "off");

  const isOpen = () => !list.hidden;
  const close = () => {
    asked += 1;
    clearTimeout(timer);
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  };
  const mark = () => {
    [...list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === at)));
    box.setAttribute("aria-activedescendant", `${id}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const pick = (person) => {
    const now = naming(box, whole);
    close();
    if (!now) return;
    const caret = box.selectionStart;
    const words = whole ? person.handle : `@${person.handle} `;
    const after = whole ? "" : box.value.slice(caret).replace(/^ /, "");
    box.value = box.value.slice(0, now.from) + words + after;
    box.setSelectionRange(now.from + words.length, now.from + words.length);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    box.focus();
  };
  const show = (people) => {
    if (!list.isConnected) (place ?? box.parentNode).append(list, said);
    found = people;
    at = 0;
    list.replaceChildren(...people.map((person, index) => h("li", { id: `${id}-${index}`, role: "option", class: "person", data: { testid: "person", handle: person.handle },
      // Before the box loses the focus.
      on: { mousedown: (event) => { event.preventDefault(); pick(person); } } },
    avatar(person.name), h("bdi", { class: "name", text: person.name }), person.handle === person.name ? null : h("span", { class: "quiet", dir: "auto", text: person.handle }))));
    list.hidden = false;
    box.setAttribute("aria-controls", id);
    mark();
    said.textContent = `${people.length === 1 ? "One person" : `${people.length} people`} found: choose with the arrow keys.`;
  };
  const ask = async () => {
    const now = naming(box, whole);
    const mine = ++asked;
    if (!now || (whole && !now.text)) return close();
    try {
      const { people } = await read("/api/people", { q: now.text });
      if (mine !== asked || document.activeElement !== box) return;
      // What is written out already needs no list that would swallow the next Enter.
      const done = people.length === 1 && people[0].handle.toLowerCase() === now.text.toLowerCase();
      if (people.length && !done) show(people);
      else close();
    } catch {
      close(); // names can be written without help
    }
  };

  box.addEventListener("input", () => {
    clearTimeout(timer);
    if (naming(box, whole)) timer = setTimeout(ask, WAIT);
    else close();
  });
  box.addEventListener("blur", close);
  // In the capture phase: what the list takes, the box must not send.
  box.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) pick(found[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}

/** Complete names in the composer. */
export function startCompletion() {
  completePeople(byId("composer"), { place: byId("compose") });
}

/** Building DOM nodes: text goes in as text, so that nothing people write can become markup. */

import { icon } from "./icons.js";

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "htmlFor"]);

/**
 * Make an element. `props`: `class`, `text`, `data` (dataset), `on` (listeners), a few properties,
 * and otherwise attributes; null and false leave an attribute out.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "data") assignData(node, value);
    else if (name === "on") for (const [type, fn] of Object.entries(value)) node.addEventListener(type, fn);
    else if (PROPERTIES.has(name)) node[name] = value;
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function assignData(node, data) {
  for (const [key, value] of Object.entries(data)) {
    if (value !== null && value !== undefined) node.dataset[key] = value;
  }
}

/** Find an element of the page's skeleton by id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Make a button with an icon and words. */
export function button(words, { glyph = null, ...props } = {}) {
  const given = { type: "button", ...props, class: `button ${props.class ?? ""}`.trim() };
  return h("button", given, glyph && icon(glyph), h("span", { text: words }));
}

/** Put icons where the skeleton asks for them with `data-icon`. */
export function fillIcons(root = document) {
  for (const place of root.querySelectorAll("[data-icon]")) place.replaceChildren(icon(place.dataset.icon));
}

/** Bring `parent`'s children to exactly `wanted`, moving as few nodes as needed. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of wanted) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

const drawn = new WeakMap();

/**
 * Bring `parent` to `parts`, each `[name, facts, make]`: one whose facts are as before stays the
 * node it is, so that what is open, typed or focused in it stays. `make` may return null.
 */
export function patch(parent, parts) {
  const before = drawn.get(parent) ?? new Map();
  const after = new Map();
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  for (const [name, facts, make] of parts) {
    const key = JSON.stringify(facts);
    const known = before.get(name);
    after.set(name, known?.key === key ? known : { key, node: make() });
  }
  drawn.set(parent, after);
  arrange(parent, [...after.values()].map(({ node }) => node).filter(Boolean));
  if (!focused || parent.contains(document.activeElement)) return;
  // What had the focus was drawn anew, or is gone: then what it was in has it.
  const same = parent.querySelector(`[data-testid="${CSS.escape(focused.dataset.testid ?? "")}"]`);
  (same ?? parent.closest("[tabindex]"))?.focus({ preventScroll: true });
}

/** Make the round sign with a person's initial; its colour follows the name. */
export function avatar(name) {
  const letter = [...(name || "?").trim()][0] ?? "?";
  let hash = 0;
  for (const char of name || "") hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return h("span", { class: "avatar", "aria-hidden": "true", data: { hue: String(hash % 6) }, text: letter.toUpperCase() });
}

/** Make a name that keeps its own writing direction and cannot disturb its neighbours. */
export function nameOf(name) {
  return h("bdi", { class: "name", text: name });
}

/** Join nodes as "a, b and c". */
export function listing(nodes) {
  return nodes.flatMap((node, index) => {
    if (index === 0) return [node];
    return [index === nodes.length - 1 ? " and " : ", ", node];
  });
}

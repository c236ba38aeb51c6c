/** Small plots as SVG; the words and the table beside them say the same. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 40;
const STEP = 10;

function s(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function bar(value, most, at, words) {
  // What is there must be seen, however little it is beside the rest.
  const height = value ? Math.max(1.5, (value / most) * HEIGHT) : 0;
  const title = s("title", {});
  title.textContent = words;
  // The slot itself takes the pointer, so that an empty one says so too.
  return s("g", {}, title, s("rect", { class: "plot-slot", x: at * STEP, y: 0, width: STEP, height: HEIGHT }),
    s("rect", { class: "plot-bar", x: at * STEP + 1, y: HEIGHT - height, width: STEP - 2, height }));
}

/**
 * Draw bars over time. `values` has a number or null for each of `labels`; `say` says one value.
 * The picture has no text of its own: it is stretched, and text must not be.
 */
export function columns({ title, values, labels, say, sum, name }) {
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  const peak = values.indexOf(most);
  const words = most ? `${title}: ${sum}. Most: ${say(most)}, ${labels[peak]}.` : `${title}: ${sum}.`;
  const svg = s("svg", { viewBox: `0 0 ${values.length * STEP} ${HEIGHT}`, preserveAspectRatio: "none", class: "plot", role: "img", "aria-label": words },
    s("line", { class: "plot-ground", x1: 0, x2: values.length * STEP, y1: HEIGHT, y2: HEIGHT }),
    ...values.map((value, at) => bar(value ?? 0, most, at, `${labels[at]}: ${value === null ? "none" : say(value)}`)));
  return h("figure", { class: "plot-box", data: { testid: `plot-${name}`, kind: name } },
    h("figcaption", {}, h("span", { text: title }), h("strong", { text: sum })), h("p", { class: "plot-most", "aria-hidden": "true", text: most ? say(most) : "" }), svg,
    h("p", { class: "plot-ends", "aria-hidden": "true" }, h("span", { text: labels[0] }), h("span", { text: labels.at(-1) })));
}

/** Draw one number as a bar beside its words in a table. */
export function share(value, most) {
  const width = most ? Math.max(1, (value / most) * 100) : 0;
  return s("svg", { class: "plot-share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "plot-slot", x: 0, y: 0, width: 100, height: 8 }), s("rect", { class: "plot-bar", x: 0, y: 0, width, height: 8 }));
}

const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** Say a length of time in at most two units: "3 h 5 min"; null is a dash. */
export function span(seconds) {
  if (seconds === null) return "–";
  if (seconds < 1) return "under 1 s";
  let rest = Math.round(seconds);
  const parts = [];
  for (const [size, name] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${name}`);
    if (parts.length === 2 || (parts.length && !count)) break;
  }
  return parts.join(" ");
}

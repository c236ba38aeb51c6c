/** What stands where no conversation is yet: how to begin, by examples that can be tried. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { putInComposer } from "./composer.js";

const EXAMPLES = [
  ["Let somebody choose", "ask ana: Can we ship on Friday? options: yes, no"],
  ["Get a yes or no in time", "ask ana for approval: Pay the invoice of 400 EUR within 2h"],
  ["See what is open", "status"],
];

function example([title, words]) {
  return h("li", {}, h("button", { type: "button", class: "example", data: { testid: "example" }, on: { click: () => putInComposer(words) } },
    h("span", { class: "example-title", text: title }), h("code", { text: words })));
}

/** Draw the welcome. */
export function welcomeNode() {
  return h("section", { class: "welcome" },
    h("span", { class: "welcome-sign", "aria-hidden": "true" }, icon("hand")),
    h("h2", { text: "What needs doing, and who should decide?" }),
    h("p", { class: "quiet", text: "Say it in your own words. When a person has to decide, the agent asks them, waits as long as it takes, and carries on. Name people by user name or confirmed address." }),
    h("ul", { class: "examples" }, EXAMPLES.map(example)));
}

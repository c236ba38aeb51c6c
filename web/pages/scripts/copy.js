/** A button on each block of code that copies it. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./toasts.js";

/** Copy by way of the selection, where the clipboard's own interface is missing (plain http). */
function copySelected(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  const copied = document.execCommand("copy");
  if (copied) selection.removeAllRanges();
  return copied;
}

async function copy(block, button) {
  const text = block.textContent.replace(/\n$/, "");
  const copied = await (navigator.clipboard?.writeText(text).then(() => true, () => false) ?? false) || copySelected(block);
  if (!copied) return toast("This browser lets no page copy: the code is selected, press Ctrl + C.", "info");
  button.replaceChildren(icon("check"), h("span", { role: "status", text: "Copied" }));
  setTimeout(() => button.replaceChildren(icon("copy"), h("span", { text: "Copy" })), 2000);
}

/** Put a copy button on every block of code in `body`. */
export function offerCopies(body) {
  for (const block of body.querySelectorAll("pre")) {
    const button = h("button", { type: "button", class: "copy", data: { testid: "copy" } }, icon("copy"), h("span", { text: "Copy" }));
    button.addEventListener("click", () => copy(block, button));
    const box = h("div", { class: "code-box" });
    block.replaceWith(box);
    // A block that scrolls must be reachable by keyboard.
    block.setAttribute("tabindex", "0");
    block.setAttribute("role", "region");
    block.setAttribute("aria-label", "Code");
    box.append(button, block);
  }
}

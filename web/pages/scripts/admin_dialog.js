/** A question to the administrator before something that cannot simply be undone. */

import { button, h } from "./dom.js";

let number = 0;

/**
 * Open a dialog; `content` is nodes, `act` does it and may refuse. Resolves with what `act`
 * returned, or undefined when it was left.
 */
export function confirmed({ title, content, verb, act, ready = () => "" }) {
  const id = `admin-dialog-${++number}`;
  const error = h("p", { class: "form-error", role: "alert", data: { testid: "dialog-error" } });
  const yes = h("button", { class: "button danger", data: { testid: "dialog-yes" } }, h("span", { text: verb }));
  const no = button("Leave it", { class: "plain", data: { testid: "dialog-no" } });
  const form = h("form", { method: "dialog", novalidate: true }, h("h2", { id, text: title }), content, error, h("div", { class: "answer-row" }, yes, no));
  const dialog = h("dialog", { class: "admin-dialog", "aria-labelledby": id, data: { testid: "admin-dialog" } }, form);
  const before = document.activeElement;

  return new Promise((done) => {
    let result;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.textContent = ready();
      if (error.textContent) return;
      yes.disabled = true;
      try {
        result = (await act()) ?? null;
        dialog.close();
      } catch (refusal) {
        error.textContent = refusal.message;
      } finally {
        yes.disabled = false;
      }
    });
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      done(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

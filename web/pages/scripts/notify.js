/** Notices of the device for new questions, once the reader wants them; only while nobody looks. */

import { h } from "./dom.js";
import { askerName } from "./facts.js";
import { icon } from "./icons.js";
import { keep, kept } from "./keep.js";
import { toast } from "./toasts.js";

let place = null;

const can = "Notification" in globalThis && globalThis.isSecureContext;

function wanted() {
  return can && Notification.permission === "granted" && kept("notify") === true;
}

async function turn(on) {
  if (on && Notification.permission !== "granted" && (await Notification.requestPermission()) !== "granted") {
    toast("The browser does not allow it. Allow notifications for this page in its settings, then try again.", "error");
    on = false;
  }
  keep("notify", on || null);
  drawSwitch();
}

function drawSwitch() {
  if (!place || !can) return;
  const box = h("input", { type: "checkbox", role: "switch", checked: wanted(), data: { testid: "notify" } });
  box.addEventListener("change", () => turn(box.checked));
  place.replaceChildren(h("label", { class: "check" }, box, icon("bell"), h("span", { text: "Tell me on this device when somebody asks" })));
}

/** Return the place of the switch, which is empty where the device has no notices. */
export function notifyNode() {
  if (!place) {
    place = h("div", { class: "notify" });
    drawSwitch();
  }
  return place;
}

/** Tell of a question that came while nobody looked; several tabs tell of it once. */
export function notify(question) {
  if (!wanted() || document.visibilityState === "visible") return;
  try {
    const notice = new Notification(`${askerName(question)} asks you`, { body: question.question.slice(0, 300), tag: question.id, icon: "/static/icon.svg" });
    notice.onclick = () => {
      focus();
      location.hash = `#/questions/${question.id}`;
      notice.close();
    };
  } catch {
    // Some phones have the interface and refuse pages to use it: the title still counts.
  }
}

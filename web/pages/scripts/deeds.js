/** Sending what a person does with a question: busy meanwhile, and what became of it said beside it. */

import { h } from "./dom.js";
import { loadQuestion } from "./feeds.js";
import { perform } from "./socket.js";
import { toast } from "./toasts.js";

const SAID = {
  decided: "Your answer decided it.",
  counted: "Your answer counts; more are needed to decide.",
  late: "It was decided before. Your answer is kept beside it.",
  comment: "Kept as a comment; the question is still open.",
  changes: "Your wish is passed on; the question is still open.",
  unclear: "That does not say clearly which. Choose one, or say it in other words.",
  delegated: "It is handed on.",
  claimed: "The others see that you are on it.",
  released: "It is open to all again.",
  cancelled: "The question is taken back.",
  asked: "It is asked again.",
  reopened: "That answer decides it after all.",
};

/** Make the line that tells what became of it. */
export function resultLine() {
  return h("p", { class: "answer-result", role: "status", data: { testid: "answer-result" } });
}

/** Return a function that brings `place`'s controls back to where they were. */
function pause(place) {
  const controls = [place, ...place.querySelectorAll("button, input, textarea, select")].filter((one) => one.disabled === false);
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const card = place.closest(".card");
  place.classList.add("busy");
  controls.forEach((one) => { one.disabled = true; });
  return () => {
    place.classList.remove("busy");
    controls.forEach((one) => { one.disabled = false; });
    // A disabled control loses the focus, and an answered card has no such control any more.
    if (!focused || document.activeElement !== document.body) return;
    (focused.isConnected ? focused : card)?.focus({ preventScroll: true });
  };
}

/**
 * Send `content` about `question` from the controls in `place`; `result` tells of failures there.
 * Return the outcome, or null when it was refused; `onRefusal` may show the refusal at
 * its field, and return what is said of it here instead.
 */
export async function act(question, content, { place, result = null, onRefusal = null }) {
  const resume = pause(place);
  if (result) {
    result.className = "answer-result";
    result.textContent = "Sending…";
  }
  try {
    const outcome = await perform({ request_id: question.id, ...content });
    say(result, outcome);
    // The event that repaints the card is on its way; ask, in case it is not.
    await loadQuestion(question.id).catch(() => null);
    resume();
    return outcome;
  } catch (refusal) {
    resume();
    if (result) result.classList.add("bad");
    if (result) result.textContent = refusal.message;
    else toast(refusal.message, "error");
    const instead = onRefusal?.(refusal);
    if (result && instead) result.textContent = instead;
    // It may stand differently by now, or be another question than the one shown.
    if (!refusal.passing) loadQuestion(question.id).catch(() => null);
    return null;
  }
}

function say(result, outcome) {
  const words = outcome.text || SAID[outcome.status] || "It is stored.";
  const unclear = outcome.status === "unclear";
  if (result) {
    result.textContent = words;
    result.classList.toggle("bad", unclear);
  }
  if (!unclear || !result) toast(words, ["decided", "reopened"].includes(outcome.status) ? "good" : "info");
}

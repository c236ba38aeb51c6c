/** The part of a question's card where one answers: buttons, a list, or words. */

import { button, h } from "./dom.js";
import { loadQuestion } from "./feeds.js";
import { icon } from "./icons.js";
import { keep, kept } from "./keep.js";
import { perform } from "./socket.js";
import { toast } from "./toasts.js";

const MOST_BUTTONS = 5;
const SAID = {
  decided: "Your answer decided it.",
  counted: "Your answer counts; more are needed to decide.",
  late: "It was decided before. Your answer is kept beside it.",
  comment: "Kept as a comment; the question is still open.",
  unclear: "That does not say clearly which. Choose one, or say it in other words.",
};

/** Draw the ways to answer `question`; what is typed is kept until it is sent. */
export function answerForm(question) {
  const form = h("form", { class: "answer", novalidate: true });
  const result = h("p", { class: "answer-result", role: "status", data: { testid: "answer-result" } });
  const give = (content) => deliver(question, content, form, result);
  const draw = { approval: drawApproval, choice: drawChoice, input: drawInput }[question.kind] ?? drawInput;
  form.append(...draw(question, give), result);
  form.addEventListener("submit", (event) => event.preventDefault());
  return form;
}

async function deliver(question, content, form, result) {
  setBusy(form, true);
  result.className = "answer-result";
  result.textContent = "Sending…";
  try {
    const outcome = await perform({ type: "answer", request_id: question.id, digest: question.digest, ...content });
    forgetDrafts(question);
    say(result, outcome);
    // The event that repaints the card is on its way; ask, in case it is not.
    await loadQuestion(question.id).catch(() => null);
  } catch (refusal) {
    result.textContent = refusal.message;
    result.classList.add("bad");
    // It may stand differently by now, or be another question than the one shown.
    if (!refusal.passing) loadQuestion(question.id).catch(() => null);
  }
  setBusy(form, false);
}

function say(result, outcome) {
  const words = outcome.text || SAID[outcome.status] || "Your answer is stored.";
  const decided = outcome.status === "decided";
  result.textContent = words;
  result.classList.toggle("bad", outcome.status === "unclear");
  if (outcome.status !== "unclear") toast(words, decided ? "good" : "info");
}

function setBusy(form, busy) {
  form.classList.toggle("busy", busy);
  for (const control of form.querySelectorAll("button, input, textarea")) control.disabled = busy;
}

function draftName(question, part) {
  return `answer.${question.id}.${part}`;
}

function forgetDrafts(question) {
  for (const part of ["text", "note"]) keep(draftName(question, part), null);
}

function textBox(question, part, label, props) {
  const name = draftName(question, part);
  const box = h("textarea", { rows: "2", dir: "auto", ...props, value: kept(name) ?? "" });
  box.addEventListener("input", () => keep(name, box.value));
  return [h("label", { class: "answer-label" }, h("span", { text: label }), box), box];
}

/** Words and their button; `give` gets the text once there is some. */
function wordsWithButton(question, give, label, submitWords) {
  const [field, box] = textBox(question, "text", label, { data: { testid: "answer-text" } });
  const submit = button(submitWords, { class: "primary", data: { testid: "answer-submit" } });
  const go = () => {
    const text = box.value.trim();
    if (text) give({ text });
    else box.focus();
  };
  submit.addEventListener("click", go);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) go();
  });
  return [field, h("div", { class: "answer-row" }, submit)];
}

function inWords(question, give) {
  const open = Boolean(kept(draftName(question, "text")));
  return h("details", { class: "in-words", open },
    h("summary", { text: "Answer in words" }), wordsWithButton(question, give, "Your answer", "Send answer"));
}

function drawApproval(question, give) {
  const [field, note] = textBox(question, "note", "Note (optional)", { rows: "1", data: { testid: "answer-note" } });
  const decide = (approved) => () => {
    const text = note.value.trim();
    give({ approved, ...(text ? { text } : {}) });
  };
  const row = h("div", { class: "answer-row" },
    button("Approve", { glyph: "check", class: "primary", data: { testid: "answer-approve" }, on: { click: decide(true) } }),
    button("Reject", { glyph: "cross", class: "danger", data: { testid: "answer-reject" }, on: { click: decide(false) } }));
  return [field, row, inWords(question, give)];
}

function drawChoice(question, give) {
  if (question.options.length > MOST_BUTTONS) return drawList(question, give);
  const options = question.options.map((option) => {
    const choice = button(option, { class: "option", dir: "auto", data: { testid: "answer-option", value: option } });
    choice.addEventListener("click", () => give({ choices: [option] }));
    return choice;
  });
  return [h("div", { class: "answer-row options", role: "group", "aria-label": "Options" }, options), inWords(question, give)];
}

function drawList(question, give) {
  const name = `choice-${question.id}`;
  const options = question.options.map((option) => h("label", { class: "radio" },
    h("input", { type: "radio", name, value: option, data: { testid: "answer-option", value: option } }), h("span", { dir: "auto", text: option })));
  const [field, box] = textBox(question, "text", "Your answer", { data: { testid: "answer-text" } });
  field.hidden = true;
  const other = h("input", { type: "radio", name, value: "" });
  const list = h("fieldset", { class: "radios" }, h("legend", { class: "sr-only", text: "Options" }), options,
    h("label", { class: "radio" }, other, h("span", { text: "Something else, in words" })), field);
  const submit = button("Send answer", { class: "primary", disabled: true, data: { testid: "answer-submit" } });
  list.addEventListener("change", () => {
    submit.disabled = false;
    field.hidden = !other.checked;
  });
  submit.addEventListener("click", () => {
    const chosen = list.querySelector("input:checked");
    if (chosen !== other) give({ choices: [chosen.value] });
    else if (box.value.trim()) give({ text: box.value.trim() });
    else box.focus();
  });
  return [list, h("div", { class: "answer-row" }, submit)];
}

function drawInput(question, give) {
  return wordsWithButton(question, give, "Your answer", "Send answer");
}

/** Draw the words that stand instead of the form once one has answered and others are awaited. */
export function answeredNote(again) {
  return h("p", { class: "answered" }, icon("check"), h("span", { text: "You have answered; more answers are needed. " }),
    h("button", { type: "button", class: "link", on: { click: again }, text: "Change my answer" }));
}

/** The part of a question's card where one answers: buttons, a list, boxes, a form, or words. */

import { act, resultLine } from "./deeds.js";
import { button, h } from "./dom.js";
import { draftOf, forgetDrafts, keepDraft } from "./drafts.js";
import { drawFields } from "./form.js";
import { icon } from "./icons.js";

const MOST_BUTTONS = 5;
const DRAW = { approval: drawApproval, choice: drawChoice, input: drawInput, form: drawFields };

/** Draw the ways to answer `question`; what is typed is kept until it is sent. */
export function answerForm(question) {
  const place = h("form", { class: "answer", novalidate: true });
  const result = resultLine();
  const give = async (content, onRefusal = null) => {
    const frame = { type: "answer", digest: question.digest, ...content };
    const outcome = await act(question, frame, { place, result, onRefusal });
    // Unclear words stay, to be said in another way.
    if (outcome && outcome.status !== "unclear") forgetDrafts(question);
  };
  place.append(...(DRAW[question.kind] ?? drawInput)(question, give), result);
  place.addEventListener("submit", (event) => event.preventDefault());
  return place;
}

/** Make a text area under a label that keeps its draft; return the label and the area. */
export function textBox(question, part, label, props = {}) {
  const box = h("textarea", { rows: "2", dir: "auto", ...props, value: draftOf(question, part) });
  keepDraft(question, part, box);
  return [h("label", { class: "answer-label" }, h("span", { text: label }), box), box];
}

/** Do `go` on the keys that send. */
export function sendOnKeys(box, go) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) go();
  });
}

/** Words and their button; `give` gets the text once there is some. */
function wordsWithButton(question, give, label, submitWords, testid = "answer-submit") {
  const [field, box] = textBox(question, "text", label, { data: { testid: "answer-text" } });
  const submit = button(submitWords, { class: "primary", data: { testid } });
  const go = () => {
    const text = box.value.trim();
    if (text) give({ text });
    else box.focus();
  };
  submit.addEventListener("click", go);
  sendOnKeys(box, go);
  return [field, h("div", { class: "answer-row" }, submit)];
}

function inWords(question, give, testid) {
  return h("details", { class: "in-words", open: Boolean(draftOf(question, "text")) },
    h("summary", { text: "Answer in words" }), wordsWithButton(question, give, "Your answer", "Send words", testid));
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
  if (question.multiple) return drawBoxes(question, give);
  if (question.options.length > MOST_BUTTONS) return drawList(question, give);
  const options = question.options.map((option) => {
    const choice = button(option, { class: "option", dir: "auto", data: { testid: "answer-option", value: option } });
    choice.addEventListener("click", () => give({ choices: [option] }));
    return choice;
  });
  return [h("div", { class: "answer-row options", role: "group", "aria-label": "Options" }, options), inWords(question, give)];
}

/** Several may be chosen: boxes, and a button that says how many are. */
function drawBoxes(question, give) {
  const before = new Set(draftOf(question, "choices") || []);
  const boxes = question.options.map((option) => h("input", { type: "checkbox", value: option,
    checked: before.has(option), data: { testid: "answer-option", value: option } }));
  const list = h("fieldset", { class: "radios" }, h("legend", { class: "radios-legend", text: "Choose one or several" }),
    boxes.map((box) => h("label", { class: "radio" }, box, h("span", { dir: "auto", text: box.value }))));
  const submit = button("", { class: "primary", data: { testid: "answer-submit" } });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const show = () => {
    const count = chosen().length;
    submit.disabled = count === 0;
    submit.firstElementChild.textContent = count ? `Send ${count} chosen` : "Choose at least one";
  };
  keepDraft(question, "choices", list, () => (chosen().length ? chosen() : null));
  list.addEventListener("change", show);
  submit.addEventListener("click", () => give({ choices: chosen() }));
  show();
  return [list, h("div", { class: "answer-row" }, submit), inWords(question, give, "answer-words-submit")];
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
  return h("p", { class: "answered" }, icon("check"), h("span", {}, "You have answered; more answers are needed. ",
    h("button", { type: "button", class: "link", data: { testid: "answer-change" }, on: { click: again }, text: "Change my answer" })));
}

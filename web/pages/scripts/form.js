/** A question that is a form: its fields, each with what the server says is wrong with it. */

import { button, h } from "./dom.js";
import { draftOf, keepDraft } from "./drafts.js";

let made = 0;

function textControl(field, props) {
  return h("textarea", { rows: "1", dir: "auto", ...props });
}

function numberControl(field, props) {
  // Not `type="number"`: it hides from us what it cannot read, and then nobody can say what is wrong.
  return h("input", { inputmode: "decimal", autocomplete: "off", ...props });
}

function dateControl(field, props) {
  return h("input", { type: "date", ...props });
}

function selectControl(field, props) {
  const none = h("option", { value: "", text: field.required ? "Choose…" : "Nothing" });
  return h("select", props, none, field.options.map((option) => h("option", { value: option, text: option })));
}

const CONTROLS = { text: textControl, number: numberControl, date: dateControl, select: selectControl };

function labelWords(field) {
  return [h("span", { dir: "auto", text: field.label }), field.required ? null : h("span", { class: "quiet", text: " (optional)" })];
}

/** A field as `{node, control, read(), complain(words)}`. */
function drawField(question, field) {
  const id = `field-${++made}`;
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const before = draftOf(question, `field.${field.name}`);
  const one = field.kind === "yes_no" ? yesNo(field, id, before) : single(field, id, before);
  one.node.append(error);
  one.control.setAttribute("aria-describedby", error.id);
  keepDraft(question, `field.${field.name}`, one.node, one.read);
  const complain = (words) => {
    error.textContent = words;
    for (const input of one.inputs) {
      if (words) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  };
  one.node.addEventListener("input", () => complain(""));
  return { ...one, field, complain };
}

function single(field, id, before) {
  const make = CONTROLS[field.kind] ?? textControl;
  const control = make(field, { id, required: field.required, data: { testid: `answer-field-${field.name}` } });
  control.value = before;
  const node = h("div", { class: "field" }, h("label", { for: id, class: "field-label" }, labelWords(field)), control);
  return { node, control, inputs: [control], read: () => control.value };
}

function yesNo(field, id, before) {
  const choices = [["yes", "Yes"], ["no", "No"], ...(field.required ? [] : [["", "No answer"]])];
  const inputs = choices.map(([value]) => h("input", { type: "radio", name: id, value, checked: before === value,
    data: { testid: `answer-field-${field.name}-${value || "none"}` } }));
  const node = h("fieldset", { class: "field", data: { testid: `answer-field-${field.name}` } },
    h("legend", { class: "field-label" }, labelWords(field)),
    h("div", { class: "field-choices" }, choices.map(([, words], at) => h("label", { class: "radio" }, inputs[at], h("span", { text: words })))));
  return { node, control: node, inputs, read: () => inputs.find((one) => one.checked)?.value ?? "" };
}

/** Say at each field what the server says of it; return what belongs to none. */
function placeFaults(fields, details) {
  const rest = [];
  for (const [name, words] of Object.entries(details.fields ?? {})) {
    const one = fields.find(({ field }) => name === field.name || name === `values.${field.name}`);
    if (one) one.complain(words);
    else rest.push(words);
  }
  for (const words of details.faults ?? []) {
    // A fault quotes the label of its field.
    const one = fields.find(({ field }) => words.includes(`“${field.label}”`));
    if (one) one.complain(words);
    else rest.push(words);
  }
  return rest;
}

/** Draw a form's fields and the button that sends them. */
export function drawFields(question, give) {
  const fields = question.fields.map((field) => drawField(question, field));
  const submit = button("Send", { class: "primary", data: { testid: "answer-submit" } });
  const refused = (refusal) => {
    const rest = placeFaults(fields, refusal.details);
    const first = fields.find(({ inputs }) => inputs[0].hasAttribute("aria-invalid"));
    first?.inputs[0].focus();
    return first && ["Not sent: see the marked fields.", ...rest].join(" ");
  };
  submit.addEventListener("click", () => {
    fields.forEach((one) => one.complain(""));
    const values = fields.map((one) => [one.field.name, one.read()]).filter(([, value]) => value.trim());
    give({ values: Object.fromEntries(values) }, refused);
  });
  return [h("div", { class: "fields" }, fields.map(({ node }) => node)), h("div", { class: "answer-row" }, submit)];
}

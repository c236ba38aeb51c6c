/** What a recipient can do with a question besides answering: comment, ask for changes, hand on, claim. */

import { sendOnKeys, textBox } from "./answer.js";
import { completePeople } from "./completion.js";
import { act, resultLine } from "./deeds.js";
import { arrange, button, h } from "./dom.js";
import { draftOf, forgetDrafts, keepDraft } from "./drafts.js";
import { icon } from "./icons.js";

let made = 0;

function panelShell(question, { name, draw, send, part }) {
  const result = resultLine();
  const [field, box] = draw();
  const submit = button(send.words, { class: "primary small", data: { testid: `${name}-submit` } });
  const node = h("form", { class: "panel", id: `panel-${++made}`, novalidate: true, hidden: !draftOf(question, part) },
    field, h("div", { class: "answer-row" }, submit), result);
  const go = async () => {
    const text = box.value.trim();
    if (!text) return box.focus();
    const outcome = await act(question, send.frame(text), { place: node, result, onRefusal: () => void box.focus() });
    if (!outcome) return;
    forgetDrafts(question, [part]);
    box.value = "";
    result.textContent = "";
    send.done();
  };
  submit.addEventListener("click", go);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  sendOnKeys(box, go);
  return { node, box };
}

function words(question, name, label, send, frame) {
  const draw = () => textBox(question, name, label, { data: { testid: `${name}-text` } });
  return (done) => panelShell(question, { name, part: name, draw, send: { words: send, frame, done } });
}

function handOn(question) {
  const draw = () => {
    const box = h("input", { autocapitalize: "none", autocomplete: "off", spellcheck: "false", dir: "auto",
      value: draftOf(question, "delegate"), data: { testid: "delegate-to" } });
    keepDraft(question, "delegate", box);
    const field = h("label", { class: "answer-label" }, h("span", { text: "User name or address of who should decide instead" }), box);
    const place = h("div", { class: "with-people" }, field);
    completePeople(box, { whole: true, place });
    return [place, box];
  };
  const frame = (to) => ({ type: "delegate", to });
  return (done) => panelShell(question, { name: "delegate", part: "delegate", draw, send: { words: "Hand on", frame, done } });
}

function actsOf(question) {
  const comment = words(question, "comment", "Your comment; the question stays open", "Send comment", (text) => ({ type: "comment", text }));
  const changes = words(question, "changes", "What should change first?", "Ask for changes", (text) => ({ type: "comment", text, changes: true }));
  const decides = question.state === "pending" && question.for_me;
  return [
    ["comment", "Comment", "chat", comment],
    decides && ["changes", "Ask for changes", "edit", changes],
    decides && ["delegate", "Hand on", "pass", handOn(question)],
  ].filter(Boolean);
}

/** Draw the row of acts; each opens its own place to write. `update` follows the question. */
export function actsRow(question, me) {
  const node = h("div", { class: "acts" });
  let drawn = "";
  let claim = null;
  let row = null;

  const draw = () => {
    const opened = actsOf(question).map(([name, label, glyph, make]) => {
      const toggle = button(label, { glyph, class: "plain small", data: { testid: name } });
      const close = () => {
        panel.node.hidden = true;
        toggle.setAttribute("aria-expanded", "false");
        toggle.focus({ preventScroll: true });
      };
      const panel = make(close);
      toggle.setAttribute("aria-controls", panel.node.id);
      toggle.setAttribute("aria-expanded", String(!panel.node.hidden));
      toggle.addEventListener("click", () => {
        const open = panel.node.hidden;
        for (const other of opened) {
          other.panel.node.hidden = true;
          other.toggle.setAttribute("aria-expanded", "false");
        }
        panel.node.hidden = !open;
        toggle.setAttribute("aria-expanded", String(open));
        if (open) panel.box.focus();
      });
      panel.node.addEventListener("keydown", (event) => event.key === "Escape" && close());
      return { toggle, panel };
    });
    const story = h("a", { class: "button plain small", href: `#/questions/${question.id}/story`, data: { testid: "story" } },
      icon("story"), h("span", { text: "Story" }));
    row = [...opened.map(({ toggle }) => toggle), story];
    const buttons = h("div", { class: "acts-row", role: "group", "aria-label": "More to do with this question" });
    node.replaceChildren(buttons, ...opened.map(({ panel }) => panel.node));
  };
  const drawClaim = () => {
    claim = null;
    if (question.state !== "pending" || !question.for_me || question.answered_by_me) return;
    const holder = question.claimed_by?.id ?? null;
    if (holder === null) {
      claim = button("I’m on it", { glyph: "hand", class: "plain small", data: { testid: "claim" } });
      claim.addEventListener("click", (event) => act(question, { type: "claim" }, { place: event.currentTarget }));
    } else if (holder === me) {
      claim = button("Let others do it", { glyph: "hand", class: "plain small", data: { testid: "release" } });
      claim.addEventListener("click", (event) => act(question, { type: "release" }, { place: event.currentTarget }));
    }
  };
  const update = (newer) => {
    question = newer;
    const key = JSON.stringify([question.state, question.for_me, question.digest]);
    if (key !== drawn) draw();
    drawn = key;
    const had = node.contains(document.activeElement) && ["claim", "release"].includes(document.activeElement.dataset.testid);
    drawClaim();
    arrange(node.firstElementChild, [claim, ...row].filter(Boolean));
    if (had) (claim ?? row[0]).focus({ preventScroll: true });
  };
  update(question);
  return { node, update };
}

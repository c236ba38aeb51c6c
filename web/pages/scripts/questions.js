/** The inbox: what waits for me, what I asked, what was decided; beside the conversation or alone. */

import { askedItem } from "./asked_list.js";
import { inboxCard, isTold } from "./card.js";
import { arrange, byId, h } from "./dom.js";
import { askerName } from "./facts.js";
import { loadQuestion } from "./feeds.js";
import { icon } from "./icons.js";
import { keep, kept } from "./keep.js";
import { notify, notifyNode } from "./notify.js";
import { watchCard } from "./seen.js";
import { state, subscribe, waitingForMe } from "./state.js";
import { toast } from "./toasts.js";

const cards = new Map();
const rows = new Map();
/** Closed while this page looked on: they stay where they were until the reader is done. */
const staying = new Set();
const known = new Set();
let sought = null;

function cardOf(question) {
  let card = cards.get(question.id);
  if (!card) {
    card = { ...inboxCard(question, () => dismiss(question.id)), question };
    cards.set(question.id, card);
    watchCard(card.node, () => state.questions.get(question.id));
  } else if (card.question !== question) {
    card.question = question;
    card.update(question);
  }
  return card.node;
}

function toldName(id) {
  return `told.${id}`;
}

function dismiss(id) {
  staying.delete(id);
  if (isTold(state.questions.get(id))) keep(toldName(id), true);
  render();
  byId("inbox").querySelector(".card")?.focus();
}

function section(name) {
  const id = `inbox-${name}`;
  return h("section", { class: "inbox-part", "aria-labelledby": id, data: { name } }, h("h2", { id }));
}

function askedRow(question) {
  let row = rows.get(question.id);
  if (!row) {
    row = { ...askedItem(question), question };
    rows.set(question.id, row);
  } else {
    row.question = question;
    row.update(question);
  }
  return row.node;
}

function emptyNode() {
  return h("div", { class: "empty" }, icon("inbox"), h("p", {}, h("strong", { text: "Nothing waits for you" })),
    h("p", { class: "quiet", text: state.account?.verified === false
      ? "Nobody can ask you yet: confirm your address first."
      : "When somebody’s agent needs your decision, the question appears here by itself." }));
}

function render() {
  const all = [...state.questions.values()];
  const mine = all.filter((question) => question.for_me || isTold(question));
  for (const question of mine) {
    if (question.state === "pending") known.add(question.id);
    else if (known.delete(question.id)) staying.add(question.id);
  }
  const byAge = (a, b) => a.asked_at.localeCompare(b.asked_at);
  const told = mine.filter((question) => question.state === "pending" && isTold(question) && !kept(toldName(question.id))).sort(byAge);
  const here = mine.filter((question) => (question.state === "pending" && question.for_me) || staying.has(question.id)).sort(byAge);
  const earlier = mine.filter((question) => !here.includes(question) && !told.includes(question)).sort(byAge).reverse();
  const own = all.filter((question) => question.mine).sort(byAge);
  const asked = own.filter((question) => question.state === "pending");
  const askedBefore = own.filter((question) => question.state !== "pending").reverse();
  const alone = state.route.name === "questions";
  const inbox = byId("inbox");
  // Alone it is what the page is about; beside a conversation it is not.
  inbox.setAttribute("role", alone ? "main" : "complementary");
  document.body.dataset.inbox = here.length || told.length ? "some" : "none";
  const focused = inbox.contains(document.activeElement) ? document.activeElement : null;
  const empty = state.questionsLoaded && !told.length ? [emptyNode()] : [];
  arrangeParts(inbox, [
    ["waiting", here.some((q) => q.state === "pending") || !here.length ? "Waiting for you" : "Just closed", alone ? [notifyNode(), ...(here.length ? here.map(cardOf) : empty)] : here.map(cardOf)],
    ["told", "For your information", told.map(cardOf)],
    ["asked", "You asked", alone ? asked.map(askedRow) : []],
    ["asked-before", "You asked before", alone ? askedBefore.map(askedRow) : []],
    ["earlier", "You answered before", alone ? earlier.map(cardOf) : []],
  ]);
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  if (alone && state.route.id && sought !== state.route.id) seek(state.route.id);
}

/** Keep each part's section, so that a card one types in is never taken out and put back. */
function arrangeParts(inbox, parts) {
  const wanted = parts.flatMap(([name, title, nodes]) => {
    if (!nodes.length) return [];
    const part = [...inbox.children].find((child) => child.dataset.name === name) ?? section(name);
    const heading = part.firstElementChild;
    if (heading.textContent !== title) heading.textContent = title;
    arrange(part, [heading, ...nodes]);
    return [part];
  });
  arrange(inbox, wanted);
}

async function seek(id) {
  sought = id;
  try {
    if (!state.questions.has(id)) await loadQuestion(id);
    render();
    const node = cards.get(id)?.node;
    node?.scrollIntoView({ block: "start" });
    node?.focus({ preventScroll: true });
  } catch (error) {
    toast(error.message, "error");
  }
}

function announce() {
  const fresh = waitingForMe().filter((question) => !announce.told.has(question.id));
  fresh.forEach((question) => announce.told.add(question.id));
  if (!announce.ready) {
    announce.ready = state.questionsLoaded;
    return;
  }
  const visible = (question) => cards.get(question.id)?.node.checkVisibility?.() ?? true;
  fresh.forEach(notify);
  for (const question of fresh) if (!visible(question)) toast(`${askerName(question)} asks you something: see “Questions for you”.`, "info");
}
announce.told = new Set();
announce.ready = false;

/** Keep the inbox true. */
export function startQuestions() {
  subscribe(["questions", "route", "questionsLoaded", "account"], () => {
    render();
    announce();
  });
  render();
}

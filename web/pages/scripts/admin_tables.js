/** Tables of the administration: with a caption, by page, and readable on a phone. */

import { read } from "./api.js";
import { button, h } from "./dom.js";
import { toast } from "./toasts.js";

const PAGE = 25;
const CHANNELS = { chat: "This page", web: "This page", email: "E-mail", slack: "Slack", link: "A mail’s link", system: "The system" };

/** Say a channel's name. */
export function channelName(name) {
  return CHANNELS[name] ?? name ?? "";
}

/**
 * Make a table with its `caption` and `columns` (its headers), and the body that takes the rows.
 * On a phone rows are drawn one below the other, which takes their roles away: so they are said.
 */
export function table(caption, columns, { name }) {
  const body = h("tbody", { role: "rowgroup" });
  const node = h("table", { class: "admin-table", role: "table", data: { testid: name } },
    h("caption", { class: "sr-only", text: caption }),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((words) => h("th", { scope: "col", role: "columnheader", text: words })))), body);
  return { node, body, columns };
}

/** Make a row of cells, the first of them its header; a cell is nodes or words. */
export function row({ columns }, cells, { name = null, key = null } = {}) {
  return h("tr", { role: "row", data: { testid: name, key } }, cells.map((cell, at) => {
    const props = { data: { label: columns[at] } };
    return at === 0 ? h("th", { ...props, scope: "row", role: "rowheader" }, h("div", {}, cell)) : h("td", { ...props, role: "cell" }, h("div", {}, cell));
  }));
}

/** Make a part of a page with its heading. */
export function section(title, ...content) {
  return h("section", { class: "admin-list" }, h("h3", { text: title }), content);
}

/**
 * Make a list that is read page by page into a table. `path` and `query` say where from, `rows` is
 * the answer's field, `draw` makes a row, `empty` is shown where there is none.
 */
export function paged({ caption, columns, name, path, query = {}, rows, draw, empty }) {
  const shown = table(caption, columns, { name });
  const nothing = h("p", { class: "admin-empty", data: { testid: `${name}-empty` } }, empty);
  const older = button("Older", { class: "small", data: { testid: `${name}-older` } });
  const node = section(caption, nothing, shown.node, older);
  let next = null;
  let asked = query;
  let turn = 0;

  const more = async () => {
    const mine = turn;
    let answer = await read(path, { ...asked, before: next, limit: PAGE });
    // What is long is looked through in portions, and a portion may hold nothing that is sought.
    while (mine === turn && !answer[rows].length && answer.next !== null) answer = await read(path, { ...asked, before: answer.next, limit: PAGE });
    // Meanwhile something else was looked for.
    if (mine !== turn) return null;
    if (next === null) shown.body.replaceChildren();
    const first = shown.body.children.length;
    shown.body.append(...answer[rows].map((one) => draw(one, shown)));
    next = answer.next;
    older.hidden = next === null;
    shown.node.hidden = shown.body.children.length === 0;
    nothing.hidden = !shown.node.hidden;
    return shown.body.children[first] ?? null;
  };
  /** Read from the beginning, with another query if one is given. */
  const load = async (wanted = asked) => {
    asked = wanted;
    next = null;
    turn += 1;
    await more();
    return shown.body.children.length;
  };
  older.addEventListener("click", () => busy(older, async () => {
    const from = await more();
    if (!older.hidden || !from) return;
    from.tabIndex = -1;
    from.focus();
  }));
  return { node, load, isWhole: () => next === null };
}

/** Do something while its button waits; a refusal is told. Returns what it returned, or undefined. */
export async function busy(control, action) {
  control.disabled = true;
  try {
    return await action();
  } catch (refusal) {
    toast(refusal.message, "error");
    return undefined;
  } finally {
    control.disabled = false;
  }
}

/** Put words in the place of what was acted upon, and the focus on them. */
export function settled(place, words) {
  const said = h("span", { class: "admin-settled", tabindex: "-1", role: "status", text: words, data: { testid: "settled" } });
  place.replaceChildren(said);
  said.focus({ preventScroll: true });
}

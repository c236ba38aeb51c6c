/** People: who they are, by which addresses, with which accounts, and what can be done about them. */

import { confirmed } from "./admin_dialog.js";
import { inviteList } from "./admin_invites.js";
import { merge } from "./admin_merge.js";
import { busy, channelName, paged, row } from "./admin_tables.js";
import { call } from "./api.js";
import { button, h, nameOf } from "./dom.js";
import { state } from "./state.js";
import { timeNode } from "./times.js";
import { toast } from "./toasts.js";

/** How long one may pause while writing a name, in milliseconds. */
const PAUSE = 250;

function identities(person) {
  if (!person.identities.length) return h("span", { class: "quiet", text: "None is proven" });
  return h("ul", { class: "identities" }, person.identities.map((one) => h("li", {}, h("span", { class: "quiet", text: `${channelName(one.channel)} ` }), h("bdi", { text: one.address }))));
}

function standing(account) {
  return [account.is_admin && ["tag", "Administrator"], account.disabled && ["tag strong", "Disabled"], !account.verified && ["tag raise", "Address not confirmed"],
    !account.has_password && ["tag", "By Slack alone"]].filter(Boolean).map(([kind, text]) => h("span", { class: kind, text }));
}

/** What can be done with an account: name, words, request, what is said before, what after. */
function deeds(account) {
  const path = `/api/admin/accounts/${encodeURIComponent(account.id)}`;
  const { username } = account;
  return [
    account.disabled
      ? ["enable", "Enable", ["POST", `${path}/enable`], null, `${username} can sign in again.`]
      : ["disable", "Disable", ["POST", `${path}/disable`], `${username} is signed out everywhere at once, cannot sign in, and is not asked any more. It can be enabled again.`, `${username} is shut out.`],
    !account.disabled && ["sign-out", "Sign out everywhere", ["POST", `${path}/sign-out`], null, `Every sign-in of ${username} has ended.`],
    !account.verified && ["confirm", "Vouch for the address", ["POST", `${path}/confirm`], `You say that ${account.email} is ${username}’s own. People and the agent then reach them by it. The journal keeps that you vouched for it.`, `${account.email} is confirmed.`],
    account.verified && !account.disabled && ["reset", "Send a password link", ["POST", `${path}/reset`], null, `A link to set a password is on its way to ${account.email}.`],
    account.is_admin
      ? ["no-admin", "Take the rights", ["PUT", `${path}/rights`, { is_admin: false }], `${username} will not see this page any more.`, `${username} is no administrator any more.`]
      : !account.disabled && ["admin", "Make administrator", ["PUT", `${path}/rights`, { is_admin: true }], `${username} will see and may do all that you see here.`, `${username} is an administrator now.`],
  ].filter(Boolean);
}

function deed(account, [name, words, request, before, after], redraw) {
  const control = button(words, { class: `small ${name === "disable" || name === "no-admin" ? "danger" : ""}`, "aria-label": `${words}: ${account.username}`, data: { testid: `account-${name}` } });
  control.addEventListener("click", async () => {
    const act = async () => (await call(...request)) ?? {};
    const done = before
      ? await confirmed({ title: `${words}: ${account.username}?`, verb: words, content: h("p", { dir: "auto", text: before }), act })
      : await busy(control, act);
    if (!done) return;
    toast(after, "good");
    redraw(done.id ? done : account);
  });
  return control;
}

function accountPart(account) {
  const node = h("div", { class: "account-part", data: { testid: "account", username: account.username } });
  const draw = (now) => {
    const had = node.contains(document.activeElement) || document.activeElement === document.body;
    const [first, ...rest] = deeds(now).map((one) => deed(now, one, draw));
    const more = h("details", { class: "more", open: node.querySelector("details")?.open }, h("summary", { "aria-label": `More for ${now.username}`, text: "More" }), h("div", { class: "admin-acts" }, rest));
    node.replaceChildren(h("p", { class: "account-line" }, h("bdi", { text: now.username }), h("span", { class: "quiet", dir: "auto", text: now.email }), standing(now)),
      h("div", { class: "admin-acts" }, first, more));
    if (had && node.isConnected) first.focus({ preventScroll: true });
  };
  draw(account);
  return node;
}

function drawn(person, shown, reload) {
  const merging = button("Merge…", { class: "small", "aria-label": `Merge ${person.name} with somebody`, data: { testid: "merge" } });
  merging.addEventListener("click", async () => {
    const said = await merge(person);
    if (!said) return;
    toast(said, "good");
    await reload();
  });
  const me = person.id === state.account.person_id ? h("span", { class: "tag", text: "You" }) : null;
  return row(shown, [
    h("div", { class: "person-cell" }, h("p", {}, nameOf(person.name), " ", me), h("p", { class: "quiet" }, "Since ", timeNode(person.created_at, "brief"))),
    identities(person),
    person.accounts.length ? person.accounts.map(accountPart) : h("span", { class: "quiet", text: "No account" }),
    h("div", { class: "admin-acts" }, merging, h("a", { class: "button small plain", href: `#/admin/journal/person=${person.id}`, "aria-label": `Journal of ${person.name}` }, h("span", { text: "Journal" }))),
  ], { name: "person", key: person.name });
}

function search(list) {
  const told = h("p", { class: "hint", role: "status", data: { testid: "people-told" } });
  const input = h("input", { type: "search", maxlength: "200", autocomplete: "off", autocapitalize: "none", spellcheck: "false", dir: "auto", data: { testid: "people-search" } });
  const form = h("form", { class: "admin-search", role: "search" }, h("label", { class: "answer-label" }, h("span", { text: "A part of a name, a user name or an address" }), input),
    h("button", { class: "button" }, h("span", { text: "Search" })));
  let turn = 0;
  let timer = 0;
  const seek = async () => {
    clearTimeout(timer);
    const mine = ++turn;
    try {
      const count = await list.load({ q: input.value.trim() || null });
      if (mine !== turn) return;
      const many = list.isWhole() ? String(count) : `the newest ${count}`;
      told.textContent = input.value.trim() ? `${many} found.` : "";
    } catch (refusal) {
      told.textContent = refusal.message;
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(seek, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    seek();
  });
  return { node: h("div", {}, form, told), seek };
}

/** Draw the people into `place`. */
export async function showPeople(place) {
  let reload = null;
  const list = paged({
    caption: "People", columns: ["Name", "Addresses", "Accounts", "Do"], name: "people", path: "/api/admin/people", rows: "people",
    draw: (person, shown) => drawn(person, shown, () => reload()), empty: "Nobody like that. A person appears here once they register, or are asked for the first time.",
  });
  const { node, seek } = search(list);
  reload = seek;
  const [invites] = await Promise.all([inviteList(), list.load()]);
  place.replaceChildren(node, list.node, invites);
}

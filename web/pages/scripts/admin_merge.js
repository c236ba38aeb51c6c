/** Saying that two people are one: whom with, who stays, and a confirmation that names both. */

import { confirmed } from "./admin_dialog.js";
import { channelName } from "./admin_tables.js";
import { call, read } from "./api.js";
import { h, nameOf } from "./dom.js";

const PAUSE = 250;
const SHOWN = 6;

function known(person) {
  const ways = person.identities.map((one) => `${channelName(one.channel)}: ${one.address}`);
  return ways.concat(person.accounts.map((one) => `account: ${one.username}`)).join(", ") || "no proven address";
}

function choice(group, person, words, testid) {
  const input = h("input", { type: "radio", name: group, value: person.id, data: { testid } });
  return { input, node: h("label", { class: "radio" }, input, h("span", {}, words, h("small", { class: "quiet merge-known", dir: "auto", text: known(person) }))) };
}

/** Let the administrator choose; returns the server's sentence, or undefined. */
export function merge(person) {
  let other = null;
  let into = null;
  let timer = 0;
  let turn = 0;
  const told = h("p", { class: "hint", role: "status", text: "Write a part of their name or address." });
  const found = h("fieldset", { class: "radios" }, h("legend", { class: "sr-only", text: "Who is the same human" }));
  const stays = h("fieldset", { class: "radios", hidden: true, data: { testid: "merge-stays" } });
  const summary = h("p", { class: "callout", role: "status", hidden: true, data: { testid: "merge-summary" } });
  const proof = h("input", { maxlength: "1000", dir: "auto", data: { testid: "merge-proof" } });
  const input = h("input", { type: "search", maxlength: "200", autocomplete: "off", dir: "auto", data: { testid: "merge-search" } });

  const say = () => {
    const alias = into?.id === person.id ? other : person;
    summary.hidden = !into;
    if (into) summary.replaceChildren(nameOf(alias.name), " (", h("bdi", { text: known(alias) }), ") becomes ", nameOf(into.name), " (", h("bdi", { text: known(into) }),
      "): addresses, accounts and questions of both count as one person’s, who has one vote. This cannot be undone.");
  };
  const choose = (one) => {
    other = one;
    into = null;
    stays.hidden = false;
    stays.replaceChildren(h("legend", { class: "radios-legend", text: "They are one person, who is called" }), ...[person, one].map((each) => {
      const made = choice("merge-into", each, nameOf(each.name), "merge-into");
      made.input.addEventListener("change", () => {
        into = each;
        say();
      });
      return made.node;
    }));
    say();
  };
  const seek = async () => {
    const text = input.value.trim();
    const mine = ++turn;
    if (!text) return;
    try {
      const { people } = await read("/api/admin/people", { q: text, limit: SHOWN + 1 });
      if (mine !== turn) return;
      const others = people.filter((one) => one.id !== person.id).slice(0, SHOWN);
      told.textContent = others.length ? "" : "Nobody else is found by that.";
      found.replaceChildren(found.firstElementChild, ...others.map((one) => {
        const made = choice("merge-other", one, nameOf(one.name), "merge-other");
        made.input.checked = one.id === other?.id;
        made.input.addEventListener("change", () => choose(one));
        return made.node;
      }));
    } catch (refusal) {
      told.textContent = refusal.message;
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(seek, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer);
    seek();
  });
  const labelled = (words, control) => h("label", { class: "answer-label" }, h("span", { text: words }), control);
  return confirmed({
    title: `Merge ${person.name} with somebody`, verb: "Merge these two",
    content: [h("p", { class: "hint", text: "For two entries that are one human: a colleague in Slack and the same colleague’s mail, say." }),
      labelled(`Who is the same human as ${person.name}?`, input), told, found, stays, labelled("How you know (kept in the journal)", proof), summary],
    ready: () => {
      if (!other) return "Choose who the same human is.";
      return into ? "" : "Choose what they are called from now on.";
    },
    act: async () => {
      const alias = into.id === person.id ? other : person;
      const { outcome } = await call("POST", "/api/admin/people/merge", { person: alias.id, into: into.id, proof: proof.value.trim() });
      return outcome.text;
    },
  });
}

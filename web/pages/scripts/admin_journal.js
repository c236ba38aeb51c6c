/** The journal: everything that happened, searched by kind, question, person and time. */

import { channelName, paged, row } from "./admin_tables.js";
import { read } from "./api.js";
import { button, h, nameOf } from "./dom.js";
import { go } from "./router.js";
import { timeNode } from "./times.js";
import { dayBegins, deviceZone } from "./zones.js";

const KINDS = { "request.": "Questions", "response.": "Answers", "surface.": "Deliveries of questions", "post.": "Deliveries of messages", "action.": "Approved actions", "session.": "Sessions",
  "account.": "Accounts", "person.": "People", "identity.": "Addresses", "profile.": "Profiles", "contact.": "Contacts", "mail": "Mail", "inbox.": "What was set aside" };
const FIELDS = ["kind", "question", "session", "person", "from", "to"];
const PEOPLE = 20;

function readFilter(text) {
  const given = new URLSearchParams(text);
  return Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? ""]));
}

function address(filter) {
  const given = new URLSearchParams(Object.entries(filter).filter(([, value]) => value)).toString();
  return given ? `#/admin/journal/${given}` : "#/admin/journal";
}

function query({ from, to, ...filter }) {
  const zone = deviceZone();
  const since = from ? dayBegins(from, zone) : null;
  // The last day is meant to its end.
  const until = to ? dayBegins(to, zone, 1) : null;
  return { ...Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, value || null])), since, until };
}

function facts(entry) {
  const given = Object.entries(entry.data);
  if (!given.length) return null;
  const words = JSON.stringify(entry.data, null, 1);
  if (words.length < 60) return h("code", { dir: "auto", text: given.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ") });
  return h("details", { class: "in-words" }, h("summary", { text: "Details" }), h("pre", { class: "facts-raw", dir: "auto", text: words }));
}

function about(entry) {
  const links = [entry.question_id && ["question", entry.question_id, "Question"], entry.session_id && ["session", entry.session_id, "Session"]].filter(Boolean);
  return links.length ? h("span", { class: "about" }, links.map(([name, id, words]) => h("a", { href: address({ [name]: id }), title: id, text: words }))) : null;
}

function drawn(entry, shown) {
  return row(shown, [h("code", { text: entry.kind }), timeNode(entry.at), entry.person ? h("a", { href: address({ person: entry.person.id }) }, nameOf(entry.person.name)) : h("span", { class: "quiet", text: "The system" }),
    channelName(entry.channel), about(entry), facts(entry)], { name: "entry", key: entry.kind });
}

function labelled(words, control) {
  return h("label", { class: "answer-label" }, h("span", { text: words }), control);
}

/** Turn what was written for a person into an id: theirs already, or the one that is found by it. */
async function personOf(text) {
  if (!text) return "";
  const { people } = await read("/api/admin/people", { q: text, limit: PEOPLE });
  const exact = people.filter((one) => one.name.toLowerCase() === text.toLowerCase() || one.accounts.some(({ username }) => username.toLowerCase() === text.toLowerCase()));
  const found = exact.length ? exact : people;
  if (found.length === 1) return found[0].id;
  throw new Error(found.length ? `Several people are found by “${text}”: write more of the name or the address.` : `Nobody is found by “${text}”.`);
}

async function nameOfPerson(id) {
  if (!id) return "";
  const { entries } = await read("/api/admin/journal", { person: id, limit: 1 });
  return entries[0]?.person?.name ?? id;
}

function searchForm(filter, shownName) {
  const select = h("select", { data: { testid: "journal-kind" } }, h("option", { value: "", text: "Everything" }), Object.entries(KINDS).map(([value, text]) => h("option", { value, text })));
  // Another beginning of a kind may come by the address.
  if (filter.kind && !(filter.kind in KINDS)) select.append(h("option", { value: filter.kind, text: filter.kind }));
  select.value = filter.kind;
  const person = h("input", { value: shownName, maxlength: "200", autocomplete: "off", autocapitalize: "none", spellcheck: "false", dir: "auto", data: { testid: "journal-person" } });
  const question = h("input", { value: filter.question, maxlength: "64", autocomplete: "off", spellcheck: "false", data: { testid: "journal-question" } });
  const from = h("input", { type: "date", value: filter.from, data: { testid: "journal-from" } });
  const to = h("input", { type: "date", value: filter.to, data: { testid: "journal-to" } });
  const error = h("p", { class: "form-error", role: "alert", data: { testid: "journal-error" } });
  const clear = button("All of it", { class: "plain", data: { testid: "journal-clear" } });
  clear.addEventListener("click", () => go("#/admin/journal"));
  const form = h("form", { class: "journal-search", role: "search", novalidate: true }, labelled("What", select), labelled("Person", person), labelled("Id of a question", question), labelled("From", from), labelled("To", to),
    h("div", { class: "answer-row" }, h("button", { class: "button primary", data: { testid: "journal-search" } }, h("span", { text: "Search" })), clear), error);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    if (from.value && to.value && from.value > to.value) {
      error.textContent = "The last day is before the first.";
      to.focus();
      return;
    }
    try {
      const written = person.value.trim();
      const who = written === shownName ? filter.person : await personOf(written);
      go(address({ kind: select.value, question: question.value.trim(), session: filter.session, person: who, from: from.value, to: to.value }));
    } catch (refusal) {
      error.textContent = refusal.message;
      person.focus();
    }
  });
  return form;
}

/** Draw the journal into `place`, searched as the address says. */
export async function showJournal(place, isCurrent, text) {
  const filter = readFilter(text);
  const list = paged({
    caption: "Journal, newest first", columns: ["What", "When", "Who", "By", "About", "Details"], name: "journal", path: "/api/admin/journal", query: query(filter), rows: "entries",
    draw: drawn, empty: "Nothing that was looked for has happened. Leave something out, or look at all of it.",
  });
  const [name] = await Promise.all([nameOfPerson(filter.person), list.load()]);
  const session = filter.session ? h("p", { class: "hint" }, "Of the session ", h("code", { text: filter.session }), " only.") : null;
  place.replaceChildren(...[searchForm(filter, name), session, list.node].filter(Boolean));
}

/** Live numbers: how many questions were asked, how fast they were answered, and what failed. */

import { channelName, row, section, table } from "./admin_tables.js";
import { columns, share, span } from "./admin_plots.js";
import { read } from "./api.js";
import { h, nameOf, patch } from "./dom.js";
import { brief, moment } from "./times.js";

const SPANS = { day: "Last day", week: "Last week", month: "Last 30 days" };
const AGAIN = 15_000;
/** What is looked at is kept while one looks at other parts. */
let chosen = "day";

function tile(name, words, value, { bad = false } = {}) {
  return h("div", { class: "tile", data: { testid: `number-${name}`, bad: bad ? "true" : null } }, h("dt", { text: words }), h("dd", { text: value }));
}

function tiles(numbers) {
  const failed = numbers.failed_deliveries.reduce((sum, one) => sum + one.number, 0);
  return h("dl", { class: "tiles" }, tile("asked", "Questions asked", String(numbers.asked)), tile("answered", "Answered", String(numbers.answered)),
    tile("median", "Half are answered within", span(numbers.median_seconds)), tile("expired", "Expired", String(numbers.expired), { bad: numbers.expired > 0 }),
    tile("failed", "Deliveries given up", String(failed), { bad: failed > 0 }));
}

function plots(numbers) {
  const say = chosen === "day" ? moment : brief;
  const labels = numbers.slots.map((slot) => say(slot.since));
  const counts = (field) => numbers.slots.map((slot) => slot[field]);
  const total = (field) => String(counts(field).reduce((sum, one) => sum + one, 0));
  const plot = (name, title, field) => columns({ name, title, values: counts(field), labels, say: String, sum: total(field) });
  return h("div", { class: "plots" }, plot("asked", "Questions asked", "asked"),
    columns({ name: "median", title: "Median time to answer", values: counts("median_seconds"), labels, say: span, sum: span(numbers.median_seconds) }),
    plot("expired", "Expired", "expired"), plot("failed", "Deliveries given up", "failed"));
}

function slotRows(place, numbers) {
  place.body.replaceChildren(...numbers.slots.map((slot) => row(place, [moment(slot.since), String(slot.asked), String(slot.answered), span(slot.median_seconds),
    String(slot.expired), String(slot.failed)])));
}

function speeds(caption, first, name, found, who, empty) {
  if (!found.length) return section(caption, h("p", { class: "admin-empty", text: empty }));
  const shown = table(caption, [first, "Answered", "Median time", "Compared"], { name });
  const most = Math.max(...found.map((one) => one.median_seconds));
  shown.body.append(...found.map((one) => row(shown, [who(one), String(one.answered), span(one.median_seconds), share(one.median_seconds, most)])));
  return section(caption, shown.node);
}

function failures(numbers) {
  const found = numbers.failed_deliveries;
  const caption = "Deliveries given up, by channel";
  if (!found.length) return section(caption, h("p", { class: "admin-empty", text: "None: everything reached its place, or is on its way." }));
  const shown = table(caption, ["Channel", "Number", "Compared"], { name: "failed-by-channel" });
  const most = Math.max(...found.map((one) => one.number));
  shown.body.append(...found.map((one) => row(shown, [channelName(one.channel), String(one.number), share(one.number, most)])));
  return section(caption, shown.node, h("p", {}, h("a", { href: "#/admin/channels", text: "See them, and try again" })));
}

/** Draw the numbers into `place`, and keep them true while they are looked at. */
export async function showNumbers(place, isCurrent) {
  let all = await read("/api/admin/numbers");
  const shown = h("div", { class: "admin-shown" });
  const slots = table("The same in numbers", ["From", "Asked", "Answered", "Median time", "Expired", "Given up"], { name: "slots" });
  const details = h("details", { class: "in-words" }, h("summary", { text: "The plots as a table", data: { testid: "plots-as-table" } }), slots.node);
  const draw = () => {
    const numbers = all[chosen];
    const facts = (...more) => [chosen, ...more];
    patch(shown, [
      ["whole", numbers.is_whole, () => (numbers.is_whole ? null : h("p", { class: "callout", text: "There were more than 20,000 questions: these are the numbers of the newest." }))],
      ["tiles", facts({ ...numbers, slots: null, since: null }), () => tiles(numbers)],
      ["plots", facts(numbers.slots), () => plots(numbers)],
      ["table", null, () => details],
      ["by-channel", facts(numbers.by_channel), () => speeds("Time to answer, by channel", "Channel", "speed-by-channel", numbers.by_channel, (one) => channelName(one.channel), "Nothing was answered in this time.")],
      ["by-person", facts(numbers.by_person), () => speeds("Time to answer, by person", "Person", "speed-by-person", numbers.by_person, (one) => nameOf(one.person.name), "Nobody has answered in this time.")],
      ["failures", facts(numbers.failed_deliveries), () => failures(numbers)],
    ]);
    slotRows(slots, numbers);
  };
  const choice = h("fieldset", { class: "spans" }, h("legend", { class: "sr-only", text: "Over which time" }), Object.entries(SPANS).map(([name, words]) => {
    const input = h("input", { type: "radio", name: "admin-span", value: name, checked: name === chosen, data: { testid: `span-${name}` } });
    input.addEventListener("change", () => {
      chosen = name;
      draw();
    });
    return h("label", { class: "span" }, input, h("span", { text: words }));
  }));
  place.replaceChildren(choice, shown);
  draw();
  const timer = setInterval(async () => {
    if (!isCurrent()) return clearInterval(timer);
    if (document.visibilityState !== "visible") return;
    try {
      all = await read("/api/admin/numbers");
      if (isCurrent()) draw();
    } catch {
      // The bar above tells when the server cannot be reached; what is shown stays.
    }
  }, AGAIN);
}

/** The week of working hours: a line for each day, or none at all. */

import { h } from "./dom.js";

const DAYS = [["mon", "Monday"], ["tue", "Tuesday"], ["wed", "Wednesday"], ["thu", "Thursday"], ["fri", "Friday"], ["sat", "Saturday"], ["sun", "Sunday"]];
const USUAL = ["09:00", "17:00"];
const MIDNIGHT = "24:00";

function dayLine([day, name], shift, usual) {
  const [start, end] = shift ?? usual;
  const works = h("input", { type: "checkbox", checked: Boolean(shift), data: { testid: `profile-hours-${day}` } });
  // A time field knows no 24:00; an end at 00:00 means just that.
  const from = h("input", { type: "time", value: start, "aria-label": `${name}, from`, data: { testid: `profile-hours-${day}-start` } });
  const until = h("input", { type: "time", value: end === MIDNIGHT ? "00:00" : end, "aria-label": `${name}, until`, data: { testid: `profile-hours-${day}-end` } });
  const node = h("div", { class: "day-line" }, h("label", { class: "check" }, works, h("span", { text: name })),
    h("div", { class: "day-times" }, from, h("span", { class: "quiet", text: "to" }), until), h("span", { class: "day-free quiet", text: "free" }));
  const show = () => { node.dataset.works = String(works.checked); };
  works.addEventListener("change", show);
  show();
  return { day, name, node, works, from, until };
}

/** Draw the hours; `read()` gives them as the server takes them, `fault()` what is wrong with them. */
export function hoursEditor(hours) {
  const anytime = h("input", { type: "checkbox", checked: hours === null, data: { testid: "profile-hours-any" } });
  const lines = DAYS.map((day, at) => dayLine(day, hours ? hours[day[0]] : at < 5 ? USUAL : null, USUAL));
  const week = h("div", { class: "week" }, lines.map(({ node }) => node));
  const show = () => { week.hidden = anytime.checked; };
  anytime.addEventListener("change", show);
  show();
  const working = () => lines.filter(({ works }) => works.checked);
  const read = () => {
    if (anytime.checked) return null;
    return Object.fromEntries(working().map(({ day, from, until }) => [day, [from.value, until.value === "00:00" ? MIDNIGHT : until.value]]));
  };
  const fault = () => {
    if (anytime.checked) return "";
    if (!working().length) return "Choose at least one working day, or say that you can be asked at any time.";
    const open = working().find(({ from, until }) => !from.value || !until.value);
    if (open) return `${open.name}: give a start and an end.`;
    const equal = working().find(({ from, until }) => from.value === until.value && from.value !== "00:00");
    return equal ? `${equal.name}: the end is the start. For all day choose 00:00 to 00:00.` : "";
  };
  const node = h("div", { class: "hours" }, h("label", { class: "check" }, anytime, h("span", { text: "I can be asked at any time" })), week);
  return { node, read, fault };
}

/** Times as the reader says them: in their zone, by the server's clock. */

import { h } from "./dom.js";

// The page speaks English; an English reader's own habits (12 or 24 hours) are kept.
const LOCALE = navigator.language?.startsWith("en") ? navigator.language : "en-GB";
const DAY = 86_400_000;
const format = (options) => new Intl.DateTimeFormat(LOCALE, options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const WEEKDAY = format({ weekday: "short" });
const DATE = format({ day: "numeric", month: "short" });
const DATE_YEAR = format({ day: "numeric", month: "short", year: "numeric" });
const LONG_DAY = format({ weekday: "long", day: "numeric", month: "long" });
const FULL = format({ dateStyle: "full", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });

let offset = 0;

/** Learn how far this machine's clock is off, from a response's `Date` (to the second). */
export function learnClock(header) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  offset = Math.abs(difference) > 5000 ? difference : 0;
}

/** Return the server's time in milliseconds, as well as we know it. */
export function now() {
  return Date.now() + offset;
}

function startOfDay(ms) {
  return new Date(ms).setHours(0, 0, 0, 0);
}

function daysFromToday(ms) {
  return Math.round((startOfDay(ms) - startOfDay(now())) / DAY);
}

/** Say a moment: "17:00", "tomorrow 17:00", "Thu 17:00" or "12 Dec, 17:00". */
export function moment(iso) {
  const ms = Date.parse(iso);
  const clock = CLOCK.format(ms);
  const days = daysFromToday(ms);
  if (days === 0) return clock;
  if (days === 1) return `tomorrow ${clock}`;
  if (days === -1) return `yesterday ${clock}`;
  if (days > 0 && days < 7) return `${WEEKDAY.format(ms)} ${clock}`;
  return `${DATE.format(ms)}, ${clock}`;
}

/** Say a moment shortly, for lists: a time today, else a day. */
export function brief(iso) {
  const ms = Date.parse(iso);
  const days = daysFromToday(ms);
  if (days === 0) return CLOCK.format(ms);
  if (Math.abs(days) < 7) return WEEKDAY.format(ms);
  return Math.abs(days) < 300 ? DATE.format(ms) : DATE_YEAR.format(ms);
}

/** Say the day a message belongs to. */
export function dayName(iso) {
  const ms = Date.parse(iso);
  const days = daysFromToday(ms);
  if (days === 0) return "Today";
  if (days === -1) return "Yesterday";
  return LONG_DAY.format(ms);
}

/** Return a key that is equal for two moments of one day of the reader's. */
export function dayKey(iso) {
  return String(startOfDay(Date.parse(iso)));
}

/** Say how far away a moment is: "in 2 hours", "5 minutes ago". */
export function distance(iso) {
  const seconds = Math.round((Date.parse(iso) - now()) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? "in less than a minute" : "just now";
  if (size < 3570) return RELATIVE.format(Math.round(seconds / 60), "minute");
  if (size < 86_000) return RELATIVE.format(Math.round(seconds / 3600), "hour");
  return RELATIVE.format(Math.round(seconds / 86_400), "day");
}

const WORDS = { clock: (iso) => CLOCK.format(Date.parse(iso)), moment, brief, distance };

/** Make a `<time>`; `style` is `clock`, `moment`, `brief` or `distance`. */
export function timeNode(iso, style = "moment") {
  const title = FULL.format(Date.parse(iso));
  return h("time", { datetime: iso, title, data: { style }, text: WORDS[style](iso) });
}

/** Keep every shown time true as time goes by. */
export function keepTimesTrue() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-style]")) {
      const words = WORDS[node.dataset.style](node.dateTime);
      if (node.textContent !== words) node.textContent = words;
    }
  }, 20_000);
}

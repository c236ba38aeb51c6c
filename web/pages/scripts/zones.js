/** Days in a person's time zone, as moments and back. */

/** Return the zone that this device is set to. */
export function deviceZone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

/** List the zones there are, with `more` among them. */
export function allZones(...more) {
  const known = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([...known, "UTC", ...more.filter(Boolean)])].sort();
}

function wallClock(ms, zone) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(ms);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
}

/** Return the moment (RFC 3339) at which `day` ("2026-03-14") begins in `zone`, `later` days on. */
export function dayBegins(day, zone, later = 0) {
  const wanted = Date.parse(`${day}T00:00:00Z`) + later * 86_400_000;
  let moment = wanted - (wallClock(wanted, zone) - wanted);
  // Once more, where the clocks change between the two.
  moment += wanted - wallClock(moment, zone);
  return new Date(moment).toISOString();
}

/** Return the day in `zone` of a moment; `before` milliseconds earlier. */
export function dayOf(iso, zone, before = 0) {
  return new Date(wallClock(Date.parse(iso) - before, zone)).toISOString().slice(0, 10);
}

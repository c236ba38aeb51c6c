/** What this browser keeps across reloads, per account; silently forgetful where storage is off. */

const PREFIX = "handraise";

let person = null;

/** Say whose things are kept from now on. */
export function keepFor(personId) {
  person = personId;
}

function fullKey(name) {
  return `${PREFIX}.${person}.${name}`;
}

function attempt(action, fallback = null) {
  try {
    return action() ?? fallback;
  } catch {
    return fallback;
  }
}

/** Read what was kept under a name, or null. */
export function kept(name) {
  return attempt(() => JSON.parse(localStorage.getItem(fullKey(name))));
}

/** Keep a value under a name; null or "" forgets it. */
export function keep(name, value) {
  attempt(() => {
    if (value === null || value === "") localStorage.removeItem(fullKey(name));
    else localStorage.setItem(fullKey(name), JSON.stringify(value));
  });
}

/** List the names kept that start with `start`. */
export function keptNames(start) {
  const from = fullKey("");
  const all = attempt(() => Object.keys(localStorage), []);
  return all.filter((key) => key.startsWith(from + start)).map((key) => key.slice(from.length));
}

/** Tell `fn(name)` when another tab forgets something that starts with `start`. */
export function onForgotten(start, fn) {
  addEventListener("storage", (event) => {
    const from = fullKey("");
    if (event.newValue === null && event.key?.startsWith(from + start)) fn(event.key.slice(from.length));
  });
}

/** Whether somebody has signed in with this browser, and is believed to be signed in still. */
export const visitor = {
  get known() {
    return attempt(() => localStorage.getItem(`${PREFIX}.known`));
  },
  remember(word) {
    attempt(() => localStorage.setItem(`${PREFIX}.known`, word));
  },
};

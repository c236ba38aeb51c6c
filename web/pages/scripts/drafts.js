/** What somebody began to write on a question: kept in this browser until it is sent. */

import { keep, kept, keptNames } from "./keep.js";

function nameOf(question, part) {
  return `answer.${question.id}.${part}`;
}

/** Return what was written before, or "". */
export function draftOf(question, part) {
  return kept(nameOf(question, part)) ?? "";
}

/** Keep what `control` holds, whenever it changes; `read()` says what that is. */
export function keepDraft(question, part, control, read = () => control.value) {
  for (const event of ["input", "change"]) control.addEventListener(event, () => keep(nameOf(question, part), read()));
}

/** Forget what was written: of `parts`, or all of it. */
export function forgetDrafts(question, parts = null) {
  const names = parts ? parts.map((part) => nameOf(question, part)) : keptNames(nameOf(question, ""));
  for (const name of names) keep(name, null);
}

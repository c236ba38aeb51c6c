/** The limits in force: what is counted, and how much of it is allowed. */

import { row, section, table } from "./admin_tables.js";
import { read } from "./api.js";
import { h } from "./dom.js";

function allowed({ number, window }) {
  if (number === 0) return "No limit";
  return window === "at once" ? `${number} at once` : `${number} ${window === "hour" ? "an" : "a"} ${window}`;
}

/** Draw the limits into `place`. */
export async function showLimits(place) {
  const { limits } = await read("/api/admin/limits");
  const shown = table("Limits in force", ["What is counted", "Allowed"], { name: "limits" });
  shown.body.append(...limits.map((limit) => row(shown, [limit.name[0].toUpperCase() + limit.name.slice(1), allowed(limit)])));
  place.replaceChildren(section("Limits in force", shown.node,
    h("p", { class: "hint", text: "They are set in the server’s environment (.env) and take effect when it starts. Slack messages and mails over a limit are kept and dealt with later; the others are refused with a sentence." })));
}

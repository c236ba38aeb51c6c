/** What was given up or set aside, each with trying it again. */

import { confirmed } from "./admin_dialog.js";
import { busy, channelName, paged, row, settled } from "./admin_tables.js";
import { call } from "./api.js";
import { button, h, nameOf } from "./dom.js";
import { timeNode } from "./times.js";
import { toast } from "./toasts.js";

function tries(count) {
  return count === 1 ? "1 try" : `${count} tries`;
}

function why(one) {
  return [h("span", { dir: "auto", text: one.error ?? "No reason was given." }), h("span", { class: "quiet", text: ` (${tries(one.attempts)})` })];
}

/** Make the button that tries something again; `about` says what, for those who hear the page. */
function again(path, about, body) {
  const place = h("div", { class: "admin-acts" });
  const control = button("Try again", { class: "small", glyph: "again", "aria-label": `Try again: ${about}`, data: { testid: "try-again" } });
  control.addEventListener("click", async () => {
    const answer = await busy(control, () => call("POST", path, body));
    if (answer) settled(place, answer.message);
  });
  place.append(control);
  return place;
}

function card(one, shown) {
  return row(shown, [
    h("a", { href: `#/admin/journal/question=${one.question_id}`, dir: "auto", text: one.question }),
    nameOf(one.person.name), channelName(one.channel), why(one), timeNode(one.asked_at),
    one.can_retry ? again(`/api/admin/surfaces/${encodeURIComponent(one.id)}/redrive`, one.question) : h("span", { class: "quiet", text: `It is ${one.state} by now.` }),
  ], { name: "failed-surface", key: one.id });
}

function post(one, shown) {
  const what = one.kind.replaceAll("_", " ");
  return row(shown, [
    what[0].toUpperCase() + what.slice(1), one.person ? nameOf(one.person.name) : h("span", { class: "quiet", text: "Nobody in particular" }), channelName(one.channel),
    why(one), timeNode(one.created_at), again(`/api/admin/posts/${encodeURIComponent(one.id)}/redrive`, what),
  ], { name: "failed-post", key: one.id });
}

function forget(one, acts) {
  const control = button("Forget", { class: "small danger", "aria-label": `Forget ${one.key}`, data: { testid: "forget" } });
  control.addEventListener("click", async () => {
    const answer = await confirmed({
      title: "Forget what came in?", verb: "Forget it",
      content: h("p", {}, "Nobody will read ", h("code", { text: one.key }), " any more, and it cannot be brought back."),
      act: () => call("POST", "/api/admin/inbox/drop", { key: one.key }),
    });
    if (!answer) return;
    settled(acts, answer.message);
    toast(answer.message, "good");
  });
  return control;
}

function aside(one, shown) {
  const acts = again("/api/admin/inbox/retry", one.key, { key: one.key });
  acts.append(forget(one, acts));
  return row(shown, [h("code", { text: one.kind }), h("code", { text: one.key }), why(one), timeNode(one.received_at), acts], { name: "set-aside", key: one.key });
}

/** Return the three lists, read. */
export async function failedLists() {
  const lists = [
    paged({
      caption: "Questions that could not be shown", columns: ["Question", "To", "Channel", "Why", "Asked", "Do"], name: "failed-surfaces",
      path: "/api/admin/surfaces", rows: "surfaces", draw: card, empty: "None. A question that a channel refuses for good is listed here, with the reason.",
    }),
    paged({
      caption: "Messages that could not be said", columns: ["What", "To", "Channel", "Why", "Made", "Do"], name: "failed-posts",
      path: "/api/admin/posts", rows: "posts", draw: post, empty: "None. Replies and notices that were given up are listed here.",
    }),
    paged({
      caption: "What came in and was set aside", columns: ["Kind", "Key", "Why", "Received", "Do"], name: "set-aside",
      path: "/api/admin/inbox", rows: "inbox", draw: aside, empty: "Nothing. Mails and events that could not be dealt with wait here; their words are not shown.",
    }),
  ];
  await Promise.all(lists.map((list) => list.load()));
  return lists.map(({ node }) => node);
}

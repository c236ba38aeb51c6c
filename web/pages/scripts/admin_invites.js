/** Invitations: making one, those that are open, and taking one back. */

import { confirmed } from "./admin_dialog.js";
import { busy, row, section, settled, table } from "./admin_tables.js";
import { call, read } from "./api.js";
import { button, h } from "./dom.js";
import { timeNode } from "./times.js";
import { toast } from "./toasts.js";

function whom(invite) {
  return invite.email ? h("bdi", { text: invite.email }) : h("span", { class: "quiet", text: "Whoever has the link" });
}

function drawn(invite, shown) {
  const acts = h("div", { class: "admin-acts" });
  const control = button("Take back", { class: "small danger", "aria-label": `Take back the invitation for ${invite.email ?? "whoever has the link"}`, data: { testid: "invite-take-back" } });
  control.addEventListener("click", async () => {
    const done = await confirmed({
      title: "Take this invitation back?", verb: "Take back", content: h("p", {}, "The link for ", whom(invite), " will not work any more."),
      act: () => call("DELETE", `/api/admin/invites/${encodeURIComponent(invite.id)}`),
    });
    if (done !== undefined) settled(acts, "Taken back.");
  });
  acts.append(control);
  return row(shown, [whom(invite), timeNode(invite.created_at), timeNode(invite.expires_at), acts], { name: "invite", key: invite.email ?? "" });
}

function told(url) {
  const field = h("input", { readonly: true, value: url, "aria-label": "The invitation’s link", dir: "ltr", data: { testid: "invite-url" } });
  const copy = button("Copy", { class: "small", data: { testid: "invite-copy" } });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url);
      toast("The link is copied.", "good");
    } catch {
      // Not every browser lets a page copy: then the text is marked, to be copied by hand.
      field.focus();
      field.select();
      toast("Copy the marked link with your keyboard.", "info");
    }
  });
  return h("div", { class: "callout invite-told", role: "status" }, h("p", { text: "Give this link to whom you invite. It is shown only now, works once, and for 7 days." }), h("div", { class: "pair" }, field, copy));
}

/** Return the invitations, read, with the form that makes one. */
export async function inviteList() {
  const caption = "Open invitations";
  const shown = table(caption, ["For", "Made", "Good until", "Do"], { name: "invites" });
  const nothing = h("p", { class: "admin-empty", text: "None is open. Where registration is by invitation, make one for each new colleague." });
  const load = async () => {
    const { invites } = await read("/api/admin/invites");
    shown.body.replaceChildren(...invites.map((invite) => drawn(invite, shown)));
    shown.node.hidden = invites.length === 0;
    nothing.hidden = invites.length > 0;
  };
  const email = h("input", { type: "email", maxlength: "254", autocomplete: "off", data: { testid: "invite-email" } });
  const place = h("div", {});
  const make = h("button", { class: "button", data: { testid: "invite-make" } }, h("span", { text: "Make an invitation" }));
  const form = h("form", { class: "admin-search", novalidate: true }, h("label", { class: "answer-label" }, h("span", { text: "Their address (optional: then only they can use it)" }), email), make);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const made = await busy(make, () => call("POST", "/api/admin/invites", { email: email.value.trim() || null }));
    if (!made) return;
    place.replaceChildren(told(made.url));
    email.value = "";
    await load().catch((refusal) => toast(refusal.message, "error"));
  });
  await load();
  return section(caption, form, place, nothing, shown.node);
}

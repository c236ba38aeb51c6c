/** Where somebody is signed in, ending that, and their password. */

import { call, read } from "./api.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";
import { timeNode } from "./times.js";
import { toast } from "./toasts.js";
import { forget } from "./tokens.js";

const BROWSERS = [[/edg(?:e|a|ios)?\//i, "Edge"], [/opr\//i, "Opera"], [/firefox|fxios/i, "Firefox"], [/chrome|chromium|crios/i, "Chrome"], [/safari/i, "Safari"]];
const SYSTEMS = [[/android/i, "Android"], [/iphone|ipad/i, "iOS"], [/windows/i, "Windows"], [/mac os/i, "macOS"], [/linux/i, "Linux"]];

/** Say what a browser calls itself, shortly. */
function device(agent) {
  const named = (list) => list.find(([shape]) => shape.test(agent))?.[1];
  const found = [named(BROWSERS), named(SYSTEMS)].filter(Boolean);
  return found.length ? found.join(" on ") : agent.slice(0, 60) || "An unknown program";
}

function row(one, redraw) {
  const end = async () => {
    try {
      await call("DELETE", `/api/auth/sign-ins/${encodeURIComponent(one.id)}`);
      toast("That sign-in has ended.", "good");
      redraw();
    } catch (error) {
      toast(error.message, "error");
    }
  };
  return h("li", { class: "identity", data: { testid: "sign-in", current: String(one.current) } }, icon("key"),
    h("div", {}, h("p", { title: one.user_agent, text: device(one.user_agent) }), h("p", { class: "quiet" }, "last seen ", timeNode(one.seen_at), ", since ", timeNode(one.created_at))),
    one.current ? h("span", { class: "tag", text: "This one" }) : button("End", { class: "small", data: { testid: "sign-in-end" }, on: { click: end } }));
}

async function everywhere() {
  try {
    await call("DELETE", "/api/auth/sign-ins");
    forget();
  } catch (error) {
    toast(error.message, "error");
  }
}

function passwordForm() {
  const old = h("input", { type: "password", name: "password", autocomplete: "current-password", data: { testid: "password-old" } });
  const fresh = h("input", { type: "password", name: "new_password", autocomplete: "new-password", data: { testid: "password-new" } });
  const result = h("p", { class: "field-error", role: "alert" });
  const user = h("input", { type: "text", name: "username", autocomplete: "username", value: state.account.username, hidden: true, "aria-hidden": "true" });
  const save = h("button", { class: "button small", data: { testid: "password-save" }, text: "Change password" });
  const form = h("form", { class: "password", novalidate: true }, user, h("label", { class: "answer-label" }, h("span", { text: "Password now" }), old),
    h("label", { class: "answer-label" }, h("span", { text: "New password" }), fresh), result, save);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.textContent = "";
    const empty = [old, fresh].find((one) => !one.value);
    if (empty) {
      result.textContent = "Fill in both passwords.";
      return empty.focus();
    }
    save.disabled = true;
    try {
      await call("POST", "/api/auth/password", { password: old.value, new_password: fresh.value });
      form.reset();
      toast("Your password is changed; you are signed out everywhere else.", "good");
    } catch (error) {
      result.textContent = error.message;
      (error.code === "bad_credentials" ? old : fresh).focus();
    } finally {
      save.disabled = false;
    }
  });
  return h("details", { class: "in-words", data: { testid: "password" } }, h("summary", { text: "Change password" }), form);
}

/** Draw where one is signed in; it fills itself. */
export function signInsPart() {
  const list = h("ul", { class: "identities", data: { testid: "sign-ins" } }, h("li", { class: "quiet", text: "Loading…" }));
  const draw = async () => {
    try {
      const { sign_ins: all } = await read("/api/auth/sign-ins");
      list.replaceChildren(...all.map((one) => row(one, draw)));
    } catch (error) {
      list.replaceChildren(h("li", { role: "alert", text: error.message }));
    }
  };
  draw();
  return h("section", { class: "profile-part", "aria-labelledby": "sign-ins-title" }, h("h3", { id: "sign-ins-title", text: "Where you are signed in" }),
    h("p", { class: "hint", text: "End what you do not know, and change your password then." }), list,
    button("Sign out everywhere", { class: "small danger", data: { testid: "sign-out-everywhere" }, on: { click: everywhere } }),
    state.account.has_password === false ? null : passwordForm());
}

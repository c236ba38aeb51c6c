/** The screens before the page: sign in, register, confirm the address. */

import { call, read } from "./api.js";
import { byId } from "./dom.js";
import { request } from "./http.js";
import { visitor } from "./keep.js";
import { go } from "./router.js";
import { connect, disconnect } from "./socket.js";
import { set, state, subscribe } from "./state.js";
import { toast } from "./toasts.js";
import { forget, signIn, signOut } from "./tokens.js";

const FORMS = ["login", "register", "verify", "forgot", "reset"];
/** The form that each address opens; `invite` is a registration with its token. */
const NAMED = { register: "register", invite: "register", "sign-in": "login", forgot: "forgot", reset: "reset" };

let later = false;
/** How one can register and sign in here, as the server says. */
let learning = null;
let ways = { registration: "open", slack: false, administrator_wanted: false };

/** Whether nobody can register here but by the one-time code of the server's log. */
function isShut() {
  return ways.registration === "closed" && !ways.administrator_wanted;
}

function wantedForm() {
  if (state.account && state.route.name !== "reset") return "verify";
  const named = NAMED[state.route.name];
  if (named) return named;
  return visitor.known || isShut() ? "login" : "register";
}

/** Show the screen that fits: the forms, the code, or the page itself. */
export function chooseScreen() {
  const signedIn = state.account !== null;
  const asked = state.route.name === "verify";
  const verify = signedIn && !state.account.verified && (asked || !later);
  if (signedIn && !verify && ["register", "sign-in", "verify", "forgot", "invite"].includes(state.route.name)) go("#/", { replace: true });
  const resets = state.route.name === "reset";
  const screen = signedIn && !verify && !resets ? "app" : "auth";
  document.body.dataset.screen = screen;
  for (const id of ["loading", "auth", "app"]) byId(id).hidden = id !== screen;
  if (screen === "auth") showForm(wantedForm());
  else document.querySelector(".auth-forms").dataset.form = "";
  if (state.screen !== screen) set("screen", screen);
}

function showForm(name) {
  for (const id of FORMS) byId(id).hidden = id !== name;
  const place = document.querySelector(".auth-forms");
  learning ??= learnWays();
  if (name === "verify") fillVerify();
  if (place.dataset.form === name) return;
  place.dataset.form = name;
  document.title = `${byId(name).querySelector("h2").textContent} · Handraise`;
  byId(name).querySelector("input").focus();
}

function fillVerify() {
  byId("verify-address").textContent = state.account.email;
  byId("verify-hint").textContent = state.account.verification_hint ?? "";
  byId("verify-hint").hidden = !state.account.verification_hint;
}

function complain(form, error) {
  form.querySelector(".form-error").textContent = error.message;
  const [field] = Object.keys(error.details?.fields ?? {});
  const input = field ? form.elements.namedItem(field) : null;
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}

function firstEmpty(form) {
  return [...form.elements].find((one) => one.required && !one.value.trim());
}

function onSubmit(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    for (const one of form.elements) one.removeAttribute("aria-invalid");
    form.querySelector(".form-error").textContent = "";
    const empty = firstEmpty(form);
    if (empty) {
      const label = empty.closest("label").firstChild.textContent.trim();
      complain(form, { message: `Fill in “${label}”.`, details: { fields: { [empty.name]: "" } } });
      return;
    }
    const submit = form.querySelector("button:not([type])");
    submit.disabled = true;
    try {
      await action(Object.fromEntries(new FormData(form)));
      form.reset();
    } catch (error) {
      complain(form, error);
    } finally {
      submit.disabled = false;
    }
  });
}

/** Read who is signed in and show the page; the line is taken up meanwhile. */
export async function enter() {
  connect();
  set("account", await read("/api/auth/me"));
}

async function login({ username, password }) {
  await signIn("/api/auth/login", { form: { username: username.trim(), password } });
  await enter();
}

async function register({ email, username, password, administrator_code: code }) {
  const invite = state.route.name === "invite" ? { invite: state.route.id } : {};
  const first = code?.trim() ? { administrator_code: code.trim() } : {};
  await signIn("/api/auth/register", { body: { email: email.trim(), username: username.trim(), password, ...invite, ...first } });
  ways.administrator_wanted = false;
  // A used invitation has no place in the browser's history.
  if (invite.invite) go("#/", { replace: true });
  await enter();
}

async function forgot({ name }) {
  await request("POST", "/api/auth/reset", { body: { name: name.trim() } });
  byId("forgot-sent").hidden = false;
}

async function reset({ password }) {
  await request("POST", "/api/auth/reset/confirm", { body: { token: state.route.id, password } });
  toast("Your password is set. Sign in with it.", "good");
  // Whoever was signed in here is not any more: every earlier sign-in has ended.
  if (state.account) forget();
  go("#/sign-in", { replace: true });
}

/** Show only the ways in that this server has. */
async function learnWays() {
  try {
    ways = await request("GET", "/api/auth/ways");
  } catch {
    return; // the forms say what is wrong once they are sent
  }
  for (const node of document.querySelectorAll("[data-way=slack]")) node.hidden = !ways.slack;
  const invited = ways.registration === "invite" && !ways.administrator_wanted;
  byId("register-invite").hidden = !(invited && state.route.name !== "invite");
  for (const node of document.querySelectorAll("[data-way=first]")) node.hidden = !ways.administrator_wanted;
  for (const node of document.querySelectorAll("[data-way=register]")) node.hidden = isShut();
  if (document.body.dataset.screen === "auth") chooseScreen();
}

function viaSlack() {
  // Back from there nobody has asked this browser's cookie yet: say that it is worth asking.
  visitor.remember("in");
  location.assign("/api/auth/slack");
}

async function verify({ code }) {
  const account = await call("POST", "/api/auth/verify", { code: code.replace(/\s/g, "") });
  later = false;
  set("account", account);
  toast("Your address is confirmed: people can ask you now.", "good");
}

async function resend() {
  byId("verify-resend").disabled = true;
  try {
    await call("POST", "/api/auth/verify/resend");
    toast("A new code is on its way.", "good");
  } catch (error) {
    complain(byId("verify"), error);
  } finally {
    byId("verify-resend").disabled = false;
  }
}

async function leave() {
  byId("sign-out").disabled = true;
  // Before the server closes the line itself, which would read as a sign-out from elsewhere.
  disconnect();
  try {
    await signOut();
  } catch (error) {
    byId("sign-out").disabled = false;
    connect();
    toast(`You are still signed in. ${error.message}`, "error");
  }
}

/** Wire the forms. */
export function startAuth() {
  onSubmit(byId("login"), login);
  onSubmit(byId("register"), register);
  onSubmit(byId("verify"), verify);
  onSubmit(byId("forgot"), forgot);
  onSubmit(byId("reset"), reset);
  for (const one of document.querySelectorAll("button[data-way=slack]")) one.addEventListener("click", viaSlack);
  byId("cookies-off").hidden = navigator.cookieEnabled;
  byId("verify-resend").addEventListener("click", resend);
  byId("verify-later").addEventListener("click", () => {
    later = true;
    if (state.route.name === "verify") go("#/", { replace: true });
    chooseScreen();
  });
  byId("sign-out").addEventListener("click", leave);
  subscribe(["account", "route"], chooseScreen);
}

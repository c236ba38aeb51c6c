/**
 * The access token: in memory only, renewed before it ends, one refresh at a time over all tabs.
 * The refresh token is a cookie that no script can read.
 */

import { Refusal, request } from "./http.js";
import { visitor } from "./keep.js";

const RENEW_AT = 0.75;
const wire = globalThis.BroadcastChannel ? new BroadcastChannel("handraise") : null;
const listeners = { renewed: [], ended: [], elsewhere: [] };

let current = null;
let inFlight = null;
let timer = 0;

/** Listen: `renewed(token)`; `ended()` when nobody is signed in; `elsewhere()` on another tab's act. */
export function onToken(event, fn) {
  listeners[event].push(fn);
}

function tell(event, value) {
  listeners[event].forEach((fn) => fn(value));
}

function hold(token, lifetime, obtained = Date.now()) {
  current = { token, lifetime, obtained };
  clearTimeout(timer);
  timer = setTimeout(renew, Math.max(5000, obtained + lifetime * RENEW_AT - Date.now()));
}

async function renew() {
  try {
    await refresh();
  } catch (error) {
    if (error.passing) timer = setTimeout(renew, 10_000);
  }
}

function isFresh() {
  return current !== null && Date.now() < current.obtained + current.lifetime - 15_000;
}

/** Return a token that is good for some seconds yet; throw a `Refusal` when there is none. */
export async function accessToken() {
  if (!isFresh()) await refresh();
  return current.token;
}

/** Get a new token, together with whoever else is asking for one just now. */
export function refresh() {
  inFlight ??= alone(refreshNow).finally(() => { inFlight = null; });
  return inFlight;
}

// Web locks exist on secure origins only; elsewhere the server's grace period for a token that two
// tabs use at once has to do.
function alone(action) {
  return navigator.locks ? navigator.locks.request("handraise.refresh", action) : action();
}

async function refreshNow() {
  const asked = Date.now();
  // Another tab may have done it while this one stood in line; its word may still be on the way.
  await new Promise((done) => setTimeout(done, 0));
  if (current && current.obtained >= asked - 2000 && isFresh()) return;
  try {
    accept(await request("POST", "/api/auth/refresh"));
  } catch (error) {
    if ([400, 401, 403].includes(error.status)) forget();
    throw error;
  }
}

function accept(tokens) {
  if (!tokens?.access_token) throw new Refusal({ code: "unauthenticated", status: 401 });
  hold(tokens.access_token, tokens.expires_in * 1000);
  visitor.remember("in");
  wire?.postMessage({ kind: "token", ...current });
  tell("renewed", current.token);
}

/** Take in that this sign-in has ended. */
export function forget() {
  current = null;
  clearTimeout(timer);
  visitor.remember("out");
  tell("ended");
}

/** Sign in or register: `path` with its `body` or `form`. */
export async function signIn(path, content) {
  const tokens = await request("POST", path, content);
  // Noted before it is told: the other tabs load afresh and look there.
  visitor.remember("in");
  wire?.postMessage({ kind: "account" });
  accept(tokens);
}

/** Sign out here and, through the server and the other tabs' sockets, everywhere in this browser. */
export async function signOut() {
  await request("POST", "/api/auth/logout", { token: current?.token, body: {} });
  visitor.remember("out");
  wire?.postMessage({ kind: "account" });
  forget();
}

wire?.addEventListener("message", ({ data }) => {
  if (data.kind === "account") tell("elsewhere");
  if (data.kind === "token" && current && data.obtained > current.obtained) {
    hold(data.token, data.lifetime, data.obtained);
    tell("renewed", data.token);
  }
});

// Timers sleep with the machine: look at the clock on return.
document.addEventListener("visibilitychange", () => {
  const due = current && Date.now() > current.obtained + current.lifetime * RENEW_AT;
  if (document.visibilityState === "visible" && due) renew();
});

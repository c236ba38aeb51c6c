/**
 * The WebSocket: signs in with its first frame, keeps itself alive, comes back by itself, and sends
 * again what was not acknowledged. What frames mean is `feeds.js`'s matter.
 */

import { Refusal } from "./http.js";
import { set, state } from "./state.js";
import { accessToken, forget, onToken, refresh } from "./tokens.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
const PING_EVERY = 15_000;
const PONG_WITHIN = 8_000;

const handlers = new Map();
const pending = new Map();

let socket = null;
let ready = false;
let wanted = false;
let failures = 0;
let retryTimer = 0;
let pingTimer = 0;
let pongTimer = 0;
let greeting = () => ({});

/** Handle frames of a type. */
export function onFrame(type, fn) {
  handlers.set(type, fn);
}

/** Say what `auth` carries besides the token (the cursor). */
export function greetWith(fn) {
  greeting = fn;
}

/** Make an id for a frame that changes something. */
export function newClientId() {
  // `randomUUID` is missing on plain-http origins.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Be connected from now on. */
export function connect() {
  wanted = true;
  failures = 0;
  open();
}

/** Be disconnected until `connect`; what was under way waits. */
export function disconnect() {
  wanted = false;
  clearTimeout(retryTimer);
  drop();
}

/** Try at once, instead of waiting for the next attempt. */
export function retryNow() {
  if (!wanted || socket) return;
  clearTimeout(retryTimer);
  open();
}

/** Leave this line and take a new one at once. */
export function again() {
  drop();
  open();
}

/** Send a frame that changes nothing; say whether it went out. */
export function post(frame) {
  if (!ready) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

/** Send a frame until it is acknowledged; resolve with the outcome, reject with a `Refusal`. */
export function perform(frame) {
  const full = { client_id: newClientId(), ...frame };
  return new Promise((resolve, reject) => {
    pending.set(full.client_id, { frame: full, resolve, reject });
    post(full);
  });
}

async function open() {
  if (socket || !wanted) return;
  show(state.connection.state === "connecting" ? "connecting" : "reconnecting");
  let token;
  const mine = (socket = {});
  try {
    token = await accessToken();
  } catch (error) {
    if (socket === mine) socket = null;
    if (error.passing) later();
    return;
  }
  if (socket !== mine || !wanted) return;
  const url = new URL("/ws", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const line = (socket = new WebSocket(url));
  line.onopen = () => line.send(JSON.stringify({ type: "auth", token, ...greeting() }));
  line.onmessage = ({ data }) => socket === line && receive(data);
  line.onclose = ({ code }) => socket === line && closed(code);
  // Nobody answers: a half-open line must not hold the page.
  pongTimer = setTimeout(() => lost(line), PONG_WITHIN);
}

function receive(data) {
  clearTimeout(pongTimer);
  pongTimer = 0;
  let frame;
  try {
    frame = JSON.parse(data);
  } catch {
    return;
  }
  if (frame.type === "ready") welcome();
  if (frame.type === "ack") settle(frame, (waiting) => waiting.resolve(frame.outcome ?? {}));
  if (frame.type === "error") refused(frame);
  handlers.get(frame.type)?.(frame);
  if (frame.type === "ready") for (const { frame: unsent } of pending.values()) post(unsent);
}

function welcome() {
  ready = true;
  failures = 0;
  clearInterval(pingTimer);
  pingTimer = setInterval(() => ping(PONG_WITHIN), PING_EVERY);
  show("connected");
}

function settle({ client_id: id }, finish) {
  const waiting = pending.get(id);
  pending.delete(id);
  if (waiting) finish(waiting);
}

function refused(frame) {
  const retryAfter = frame.retry_after ?? null;
  settle(frame, (waiting) => waiting.reject(new Refusal({ ...frame.error, retryAfter })));
}

function ping(patience) {
  if (!post({ type: "ping" }) || pongTimer) return;
  const line = socket;
  pongTimer = setTimeout(() => lost(line), patience);
}

function lost(line) {
  if (socket !== line) return;
  drop();
  later();
}

function drop() {
  const line = socket;
  socket = null;
  ready = false;
  clearInterval(pingTimer);
  clearTimeout(pongTimer);
  pongTimer = 0;
  line?.close?.();
}

async function closed(code) {
  drop();
  if (!wanted) return;
  if (code === 4409) {
    forget();
    return;
  }
  if (code === 4401) {
    try {
      await refresh();
    } catch (error) {
      if (!error.passing) return;
    }
  }
  later();
}

function later() {
  if (!wanted) return;
  const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
  // Half fixed, half chance: many pages must not come back in the same instant.
  const wait = ceiling / 2 + Math.random() * (ceiling / 2);
  failures += 1;
  show(navigator.onLine ? "reconnecting" : "offline", Date.now() + wait);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(open, wait);
}

function show(word, retryAt = null) {
  set("connection", { state: word, retryAt });
}

function lookAgain() {
  if (socket) ping(4000);
  else retryNow();
}

addEventListener("online", lookAgain);
addEventListener("offline", () => {
  if (wanted && !ready) show("offline");
  else ping(3000);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") lookAgain();
});
onToken("renewed", (token) => post({ type: "renew", token }));

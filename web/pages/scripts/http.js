/** One request to the server, and every failure as a sentence that says what to do. */

import { learnClock } from "./times.js";

const SENTENCES = {
  network: "The server cannot be reached. Check your connection and try again.",
  unauthenticated: "You are signed out. Sign in again; what you have written is kept.",
  not_allowed: "This account may not do that.",
  not_found: "This does not exist any more, or is not yours to see.",
  rate_limited: "That was too fast. Wait a moment and try again.",
  too_large: "This is too long. Shorten it to 64 KiB and send it again.",
  unavailable: "The server is busy. Try again in a moment.",
};
const BY_STATUS = { 401: "unauthenticated", 403: "not_allowed", 404: "not_found", 413: "too_large", 429: "rate_limited", 503: "unavailable" };

/** A refusal or failure; `message` is meant for the person. */
export class Refusal extends Error {
  constructor({ code = "error", message = "", details = {}, status = 0, retryAfter = null } = {}) {
    super(message || SENTENCES[code] || "Something went wrong on the server. Try again in a moment.");
    this.code = code;
    this.details = details ?? {};
    this.status = status;
    this.retryAfter = retryAfter ?? this.details.retry_after ?? null;
  }

  /** Whether the same thing may work a little later, unchanged. */
  get passing() {
    return ["network", "unavailable", "rate_limited"].includes(this.code) || this.status >= 500;
  }
}

/** Send one request; return the parsed answer (null when it has none) or throw a `Refusal`. */
export async function request(method, path, { body, form, token } = {}) {
  const headers = { "X-Handraise-Client": "page", Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  let payload;
  if (form) payload = new URLSearchParams(form);
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, { method, headers, body: payload, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Refusal({ code: "network" });
  }
  learnClock(response.headers.get("Date"));
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const code = BY_STATUS[response.status];
  throw new Refusal({ code, ...answer?.error, status: response.status, retryAfter });
}

/**
 * The page behind /slack/install: asks for Slack's address in the name of who is signed in, and
 * goes there.
 */

import { request } from "./http.js";
import { accessToken } from "./tokens.js";

const says = document.getElementById("says");

try {
  const { url } = await request("POST", "/slack/install", { token: await accessToken() });
  location.assign(url);
} catch (error) {
  says.textContent = error.status === 401
    ? "Sign in as an administrator first, then open this page again."
    : error.message;
}

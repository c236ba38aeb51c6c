/** The REST calls of a signed-in page. */

import { request } from "./http.js";
import { accessToken, refresh } from "./tokens.js";

/** Call the API with the access token; a token that has just ended is renewed once. */
export async function call(method, path, body) {
  try {
    return await request(method, path, { body, token: await accessToken() });
  } catch (error) {
    if (error.status !== 401 || error.code === "network") throw error;
    await refresh();
    return request(method, path, { body, token: await accessToken() });
  }
}

/** Read something, with query parameters (empty ones are left out). */
export function read(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
  const query = new URLSearchParams(given).toString();
  return call("GET", query ? `${path}?${query}` : path);
}

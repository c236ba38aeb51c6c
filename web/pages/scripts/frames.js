/** When things are drawn: at most once a frame, and in a flood of news a dozen times a second. */

import { subscribe } from "./state.js";

/** Milliseconds between two drawings of one part; nobody reads faster, and typing has the rest. */
const PAUSE = 80;

/** Make `fn` one that may be asked for at any time: `soon()`, or `soon(true)` for the next frame. */
export function drawn(fn) {
  let due = false;
  let last = -PAUSE;
  const run = () => {
    if (!due) return;
    due = false;
    last = performance.now();
    fn();
  };
  return function soon(atOnce = false) {
    if (due && !atOnce) return;
    due = true;
    const wait = atOnce ? 0 : last + PAUSE - performance.now();
    // A page that nobody sees has no frames.
    if (document.visibilityState !== "visible") setTimeout(run, 100);
    else if (wait > 0) setTimeout(() => requestAnimationFrame(run), wait);
    else requestAnimationFrame(run);
  };
}

/** Draw by `fn` after any of `topics` changed. */
export function subscribeDrawing(topics, fn) {
  const soon = drawn(fn);
  subscribe(topics, () => soon());
}

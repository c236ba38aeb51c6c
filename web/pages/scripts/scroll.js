/** Keeps the reader's place: follows the end only while the reader is at the end. */

const NEAR = 60;

/** Watch over a scrolling `view` and the `content` in it; `onEnd(atEnd)` tells when it changes. */
export function placeKeeper(view, content, onEnd) {
  let atEnd = true;
  let settling = false;

  const measure = () => view.scrollHeight - view.scrollTop - view.clientHeight < NEAR;
  const set = (value) => {
    if (value === atEnd) return;
    atEnd = value;
    onEnd(atEnd);
  };
  const toEnd = () => {
    settling = true;
    view.scrollTop = view.scrollHeight;
    set(true);
    requestAnimationFrame(() => { settling = false; });
  };

  view.addEventListener("scroll", () => settling || set(measure()), { passive: true });
  // Fonts, a growing composer or a turned phone change sizes without any message coming.
  const observer = new ResizeObserver(() => atEnd && toEnd());
  observer.observe(view);
  observer.observe(content);

  return {
    toEnd,
    get atEnd() {
      return atEnd;
    },
    /** Change the content by `change()` so that what the reader looks at stays where it is. */
    around(change) {
      if (atEnd) {
        change();
        toEnd();
        return;
      }
      const top = view.getBoundingClientRect().top;
      const mark = [...content.children].find((child) => child.getBoundingClientRect().bottom > top);
      const before = mark?.getBoundingClientRect().top ?? 0;
      change();
      if (mark?.isConnected) view.scrollTop += mark.getBoundingClientRect().top - before;
    },
  };
}

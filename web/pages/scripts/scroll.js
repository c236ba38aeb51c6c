/** Keeps the reader's place: follows the end only while the reader is at the end. */

const NEAR = 60;

/**
 * Watch over a scrolling `view` and the `content` in it; `isWhole()` says whether the content's end
 * is the true one, `onEnd(atEnd)` tells when the reader comes there or leaves.
 */
export function placeKeeper(view, content, isWhole, onEnd) {
  let atEnd = true;
  /** Where the view stood when it was last looked at; another place is the reader's doing. */
  let placed = 0;

  const left = () => view.scrollHeight - view.scrollTop - view.clientHeight;
  const set = (value) => {
    if (value === atEnd) return;
    atEnd = value;
    onEnd(atEnd);
  };
  const toEnd = () => {
    view.scrollTop = view.scrollHeight;
    placed = view.scrollTop;
    set(true);
  };
  const look = () => {
    const upwards = view.scrollTop < placed - 0.5;
    if (Math.abs(view.scrollTop - placed) < 0.5) return;
    placed = view.scrollTop;
    // The least step back leaves the end: while much comes in, a slow finger could not get away.
    set(isWhole() && left() < (upwards ? 2 : NEAR));
  };

  view.addEventListener("scroll", look, { passive: true });
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
      placed = view.scrollTop;
    },
  };
}

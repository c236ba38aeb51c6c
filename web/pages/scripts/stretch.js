/** Which stretch of a long conversation is drawn: a bounded number of messages around the reader. */

const STEP = 40;
const FOLLOWED = 60;
const MOST = 120;

/** Return how many of `seqs`, which go upwards, are below `seq`. */
export function countBelow(seqs, seq) {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqs[middle] < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A stretch that follows the newest message until the reader leaves the end. */
export function newStretch() {
  let first = null;
  let last = null;

  const ends = (seqs) => {
    const to = last === null ? seqs.length : countBelow(seqs, last + 1);
    return [first === null ? Math.max(0, to - FOLLOWED) : countBelow(seqs, first), to];
  };

  return {
    /** Whether the newest message is in it. */
    get isWhole() {
      return last === null;
    },
    /** Follow the newest message again. */
    reset() {
      first = last = null;
    },
    /** Return what is drawn of `seqs`; its beginning stays as long as that can be. */
    take(seqs, atEnd) {
      if (atEnd) last = null;
      let [from, to] = ends(seqs);
      if (to - from > MOST) {
        // At the end many go at once: each that goes lets all below it be painted anew.
        if (atEnd) from = to - FOLLOWED;
        else last = seqs[(to = from + MOST) - 1];
      }
      first = seqs[from] ?? null;
      return seqs.slice(from, to);
    },
    /** Go further back; false where nothing older is known. */
    backward(seqs) {
      const [from] = ends(seqs);
      if (from === 0) return false;
      first = seqs[Math.max(0, from - STEP)];
      return true;
    },
    /** Go further on; false where the newest is drawn already. */
    forward(seqs) {
      if (last === null) return false;
      const [from, before] = ends(seqs);
      const to = Math.min(seqs.length, before + STEP);
      last = to === seqs.length ? null : seqs[to - 1];
      first = seqs[Math.max(from, to - MOST)];
      return true;
    },
  };
}

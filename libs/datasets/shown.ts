/** Characters of a value that a profile tells. */
const longest = 256;

/** A longer text is told by its beginning and `…`. */
export const shown = (text: string): string =>
  (text.length > longest ? `${text.slice(0, longest)}…` : text).toWellFormed();

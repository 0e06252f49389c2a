/** What cells of CSV say besides numbers. */
export type Word = 'missing' | 'true' | 'false';

const [space, tab, cr, n, t, f] = [0x20, 0x09, 0x0d, 0x6e, 0x74, 0x66];

/**
 * Blank, `nan` and `null` in any case are missing; `true`, `True` and `TRUE` are booleans, as are those of `false`. Spaces
 * around them count for nothing. null: another text.
 */
export function wordOf(bytes: Buffer, start: number, end: number): Word | null {
  let [from, until] = [start, end];
  while (from < until && isSpace(bytes[from]!)) from++;
  while (until > from && isSpace(bytes[until - 1]!)) until--;
  if (from === until) return 'missing';
  if (until - from > 5) return null;
  // Nearly every text ends here, before a string is made of it.
  const first = bytes[from]! | 0x20;
  if (first !== n && first !== t && first !== f) return null;
  const text = bytes.toString('latin1', from, until);
  return words.get(text) ?? (/^(?:nan|null)$/i.test(text) ? 'missing' : null);
}

/** As `trim` has it, of ASCII. */
const isSpace = (byte: number): boolean => byte === space || (byte >= tab && byte <= cr);

const words: ReadonlyMap<string, Word> = new Map([
  ...['true', 'True', 'TRUE'].map((text) => [text, 'true'] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, 'false'] as const),
]);

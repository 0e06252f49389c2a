/** What cells of CSV say besides numbers. */
export type Word = 'missing' | 'true' | 'false';

const [space, tab, cr] = [0x20, 0x09, 0x0d];

/** Of a letter, whether it is small or capital. */
const caseBit = 0x20;

/**
 * Blank, `nan` and `null` in any case are missing; `true`, `True` and `TRUE` are booleans, as are those of `false`. Spaces
 * around them count for nothing. null: another text.
 */
export function wordOf(bytes: Buffer, start: number, end: number): Word | null {
  let [from, until] = [start, end];
  while (from < until && isSpace(bytes[from]!)) from++;
  while (until > from && isSpace(bytes[until - 1]!)) until--;
  if (from === until) return 'missing';
  switch (bytes[from]! | caseBit) {
    case nan[0]:
      return isWord(bytes, from, until, nan) || isWord(bytes, from, until, nulls) ? 'missing' : null;
    case trues[0]:
      return isWord(bytes, from, until, trues) && isWrittenAsOne(bytes, from, until) ? 'true' : null;
    case falses[0]:
      return isWord(bytes, from, until, falses) && isWrittenAsOne(bytes, from, until) ? 'false' : null;
    default:
      return null;
  }
}

const [nan, nulls] = [Buffer.from('nan'), Buffer.from('null')];
const [trues, falses] = [Buffer.from('true'), Buffer.from('false')];

/** In any case. @param word in small letters. */
function isWord(bytes: Buffer, from: number, until: number, word: Buffer): boolean {
  if (until - from !== word.length) return false;
  for (let at = 0; at < word.length; at++) {
    const letter = word[at]!;
    const byte = bytes[from + at]!;
    if (byte !== letter && byte !== letter - caseBit) return false;
  }
  return true;
}

/** All letters are small, all are capitals, or only the first one is. */
function isWrittenAsOne(bytes: Buffer, from: number, until: number): boolean {
  const rest = bytes[from + 1]! & caseBit;
  for (let at = from + 2; at < until; at++) if ((bytes[at]! & caseBit) !== rest) return false;
  return rest !== 0 || (bytes[from]! & caseBit) === 0;
}

/** As `trim` has it, of ASCII. */
const isSpace = (byte: number): boolean => byte === space || (byte >= tab && byte <= cr);

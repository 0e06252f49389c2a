/**
 * Python's encoders write NaN and Infinity into JSON, which has neither: NaN becomes null, which is what a missing value
 * is here, and an infinity a number that is too large to be finite. Takes time linear in the bytes, whatever they are.
 * @returns null where there are none
 */
export function withoutBareNumbers(json: Buffer): Buffer | null {
  const text = json.toString('utf8');
  const parts: string[] = [];
  let found = false;
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const begin = quote < 0 ? text.length : quote;
    const between = text.slice(at, begin);
    const repaired = between.replace(bare, written);
    found ||= repaired !== between;
    at = endOfText(text, begin);
    parts.push(repaired, text.slice(begin, at));
  }
  return found ? Buffer.from(parts.join(''), 'utf8') : null;
}

const bare = /-?Infinity|NaN/g;
const written = (token: string): string => (token === 'NaN' ? 'null' : token.startsWith('-') ? '-1e999' : '1e999');

/** Behind the closing quote of the text whose opening one stands at `begin`; the end of it all where there is none. */
function endOfText(text: string, begin: number): number {
  for (let from = begin + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return text.length;
    let escapes = 0;
    while (quote - escapes > from && text[quote - escapes - 1] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

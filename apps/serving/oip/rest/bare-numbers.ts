/**
 * Python's encoders write NaN and Infinity into JSON, which has neither: NaN becomes null, which is what a missing value
 * is here, and an infinity a number that is too large to be finite.
 * @returns null where there are none
 */
export function withoutBareNumbers(json: Buffer): Buffer | null {
  const text = json.toString('utf8');
  const repaired = text.replace(textOrBare, (token) => {
    if (token.startsWith('"')) return token;
    return token === 'NaN' ? 'null' : token.startsWith('-') ? '-1e999' : '1e999';
  });
  return repaired === text ? null : Buffer.from(repaired, 'utf8');
}

/** Texts are matched so that nothing within them is. */
const textOrBare = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

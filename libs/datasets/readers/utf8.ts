import { isUtf8 } from 'node:buffer';
import { Refused } from '../refusal.js';

const lf = 0x0a;

/**
 * @param bytes whole lines.
 * @param line of the first one.
 * @throws Refused `malformed` with the line.
 */
export function refuseOtherThanUtf8(bytes: Uint8Array, line: number): void {
  if (isUtf8(bytes)) return;
  let at = 0;
  for (; ; line++) {
    const found = bytes.indexOf(lf, at);
    const end = found < 0 ? bytes.length : found + 1;
    if (end === bytes.length || !isUtf8(bytes.subarray(at, end))) break;
    at = end;
  }
  throw new Refused('malformed', `line ${line}`, 'the bytes are not UTF-8 text');
}

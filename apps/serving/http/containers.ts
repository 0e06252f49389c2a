import { rejection, type Rejection } from '#libs/contracts/index.js';

/**
 * Arrays and objects that a body may have. What JSON.parse costs hangs on them more than on bytes, and not on depth: 8 MB
 * of brackets took 1.2 to 6.3 s, ten deep or four million, in which nothing else is answered. So many take 0.3 to 0.6 s;
 * pixels of three numbers, each in an array of its own, still fill a body.
 */
export const mostContainers = 1_000_000;

export const tooManyContainers = (): Rejection =>
  rejection('payload_too_large', `the body has more than ${mostContainers} arrays and objects`, [
    { path: 'body', message: `expected at most ${mostContainers} arrays and objects` },
  ]);

/**
 * Whether JSON has more arrays and objects than `most`, as far as it can be parsed. A shorter text is not looked at, and
 * of a longer one only brackets are, for they are few: a character at a time it is read where they are not.
 */
export function hasMoreContainers(json: string, most = mostContainers): boolean {
  if (json.length <= most) return false;
  return occurrences(json, '{', most) + occurrences(json, '[', most) > most && opened(json) > most;
}

/** At most `most` + 1. */
function occurrences(text: string, character: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0 && count <= most; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

/** Outside of strings. */
function opened(json: string): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === quote) inString = !inString;
    else if (character === backslash) at += 1;
    else if (!inString && (character === bracket || character === brace)) count += 1;
  }
  return count;
}

const [quote, backslash, bracket, brace] = [0x22, 0x5c, 0x5b, 0x7b] as const;

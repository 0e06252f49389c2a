import { Refused } from './refusal.js';

/** UTF-8 without its byte order mark. @throws Refused `malformed`. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refused('malformed', null, 'the bytes are not UTF-8 text');
  }
}

import { rejection } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { jsonFault } from './json-fault.js';
import { ProblemException } from './problem-exception.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The value of a JSON body. @throws ProblemException 400 `malformed_json` naming line and column of the fault. */
export function parseJsonBody(body: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (error) {
    throw new ProblemException(rejection('malformed_json', `the body is not UTF-8: ${messageOf(error)}`));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProblemException(rejection('malformed_json', jsonFault(text)));
  }
  if (text.includes(lostName) && holdsLostName(value))
    throw new ProblemException(rejection('malformed_json', `no field can be named ${lostName}`));
  return value;
}

/** Objects copied by assignment lose a member of this name without a word. */
const lostName = '__proto__';

function holdsLostName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, lostName) || Object.values(value).some(holdsLostName);
}

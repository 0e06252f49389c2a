import { rejection, type ProblemCode, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';

/** Thrown within a parser, never out of it: at `offset` (UTF-16 units) something else was expected. */
export class Unreadable extends Error {
  constructor(
    readonly offset: number,
    readonly expected: string,
    readonly found: string,
  ) {
    super(expected);
  }
}

/** What was read, and how a parameter that could not be read is refused. */
export interface Reading {
  readonly text: string;
  readonly code: Extract<ProblemCode, 'invalid_filter' | 'invalid_order'>;
  /** Name of the parameter. */
  readonly path: string;
}

/** What `parse` gives, or a refusal that names the character, what was expected there and what was found. */
export function readable<T>({ text, code, path }: Reading, parse: () => T): Result<T, Rejection> {
  try {
    return accept(parse());
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const where = `character ${characterOf(text, error.offset)}`;
    const message = `at ${where}: expected ${error.expected}, found ${shortened(error.found)}`;
    return reject(rejection(code, `${path} cannot be read at ${where}`, [{ path, message }]));
  }
}

/** Characters count as people count them: from 1, and a pair of surrogates is one. */
const characterOf = (text: string, offset: number): number => Array.from(text.slice(0, offset)).length + 1;

const longest = 40;

function shortened(found: string): string {
  const characters = Array.from(found.toWellFormed().replaceAll('\0', '\ufffd'));
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest).join('')}…`;
}

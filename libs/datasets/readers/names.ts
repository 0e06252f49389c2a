import { Refused } from '../refusal.js';
import { longestName, mostColumns } from './limits.js';

/** Refuses names that come twice or cannot be used; `add` is given them in the file's order. */
export class ColumnNames {
  readonly #seen = new Set<string>();

  /** @param where `line 1` of a text. @throws Refused */
  add(name: string, where: string | null): void {
    const place = this.#seen.size + 1;
    if (place > mostColumns)
      throw new Refused('too_large', where, `more than ${mostColumns} columns, the most read here`);
    if (name === '') throw new Refused('malformed', where, `column ${place} has no name`);
    if (name.length > longestName)
      throw new Refused('unsupported', where, `the name of column ${place} has more than ${longestName} characters`);
    if (!name.isWellFormed()) throw new Refused('malformed', where, `the name of column ${place} is not Unicode text`);
    if (name === '__proto__') throw new Refused('unsupported', where, "no column can have the name '__proto__'");
    if (this.#seen.has(name)) throw new Refused('malformed', where, `two columns have the name '${name}'`);
    this.#seen.add(name);
  }

  get count(): number {
    return this.#seen.size;
  }
}

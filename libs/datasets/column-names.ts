import { refuseTooMany, type Limits } from './limits.js';
import { Refused } from './refusal.js';

/**
 * @param where of the names: `line 1` of a text.
 * @throws Refused for too many columns, for a name that comes twice, and for `__proto__`: tables are plain objects.
 */
export function checkNames(names: readonly string[], limits: Limits, where: string | null = null): void {
  refuseTooMany('columns', names.length, limits);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new Refused('malformed', where, `two columns have the name '${name}'`);
    if (name === '__proto__') throw new Refused('unsupported', where, "no column can have the name '__proto__'");
    seen.add(name);
  }
}

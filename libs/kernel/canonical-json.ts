export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, numbers as ECMAScript prints them.
 * Members whose value is `undefined` are left out, as JSON.stringify does.
 * @throws TypeError for what JSON cannot hold: NaN, infinities, bigint, functions, lone surrogates, dates, maps, buffers.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('canonical JSON: a string holds a lone surrogate');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON: ${value} is not a JSON number`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      throw new TypeError(`canonical JSON: a ${typeof value} has no form`);
  }
}

function canonicalArray(items: readonly unknown[]): string {
  // Array.from, because `map` leaves the holes of a sparse array out.
  return `[${Array.from(items, (item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
}

function canonicalObject(object: object): string {
  // A Date or a Map has no members of its own: it would be hashed as {}.
  const kind = Object.prototype.toString.call(object);
  if (kind !== '[object Object]') throw new TypeError(`canonical JSON: ${kind} has no form`);
  const members = Object.entries(object).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`).join(',')}}`;
}

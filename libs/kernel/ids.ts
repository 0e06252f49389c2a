import { createHash, randomBytes } from 'node:crypto';

/** Name-based UUID (RFC 9562, version 5): the same namespace and name give the same id everywhere and for ever. */
export function uuidv5(namespace: string, name: string): string {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest();
  return formatUuid(digest, 5);
}

/** Random bits are passed in: `randomIds` in production, a seeded source in tests. */
export interface IdSource {
  /** A time-ordered UUID (RFC 9562, version 7) for the given instant (milliseconds since the epoch). */
  next(atMilliseconds: number): string;
}

export const idSource = (random: (size: number) => Uint8Array): IdSource => ({
  next(at) {
    const bytes = Buffer.alloc(16);
    bytes.writeUIntBE(at, 0, 6);
    bytes.set(random(10), 6);
    return formatUuid(bytes, 7);
  },
});

export const randomIds: IdSource = idSource(randomBytes);

/** Joins the parts of a name so that no two lists of parts give the same name. */
export const nameOf = (...parts: readonly string[]): string => parts.map((part) => `${part.length}:${part}`).join('');

/** Namespaces of Modelog's derived ids. Fixed for ever: changing one changes every id derived from it. */
export const namespaces = {
  command: '6c8f8f0e-5c0b-5e0b-9a53-0b8f5f7a9d01',
  event: '6c8f8f0e-5c0b-5e0b-9a53-0b8f5f7a9d02',
  entity: '6c8f8f0e-5c0b-5e0b-9a53-0b8f5f7a9d03',
} as const;

export const eventIdOf = (commandId: string): string => uuidv5(namespaces.event, commandId);

/** The id of something a command creates (a rollout, a job): a repeat of the command meets the same thing. */
export const entityIdOf = (kind: string, commandId: string): string =>
  uuidv5(namespaces.entity, nameOf(kind, commandId));

function formatUuid(source: Buffer, version: 5 | 7): string {
  const bytes = Buffer.from(source.subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

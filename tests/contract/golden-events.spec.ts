/**
 * Stored events of every shipped type and version, byte for byte. A fixture is never edited: it stands for what is in
 * somebody's log. A new type or version gets its fixture from `golden-samples.ts`, by running this with
 * MODELOG_WRITE_GOLDEN=1; existing files are left alone.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { samples, type Sample } from './golden-samples.js';
import { PaidV1, PaidV2 } from './upcasting.js';
import { catalogueOf, eventCatalogue, header, type EventCatalogue } from '#libs/contracts/index.js';
import { encodeEvent, EventReader, genesisHash, isUnknown, MemoryStream, verifyEvents } from '#libs/event-log/index.js';
import { namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';

interface Golden {
  readonly subject: string;
  readonly headers: Record<string, string>;
  /** The stored bytes, UTF-8. */
  readonly body: string;
}

const folder = join(import.meta.dirname, '../fixtures/events');
const testOnly = join(import.meta.dirname, 'golden/paid.v1-v2.json');
const fileOf = (type: string, version: number, variant?: string): string =>
  join(folder, `${type}.v${version}${variant === undefined ? '' : `.${variant}`}.json`);

beforeAll(async () => {
  if (process.env['MODELOG_WRITE_GOLDEN'] !== '1') return;
  await mkdir(folder, { recursive: true });
  for (const sample of samples) {
    const file = fileOf(sample.event.type, eventCatalogue.get(sample.event.type)!.version, sample.variant);
    if (!existsSync(file)) await write(file, [store(eventCatalogue, sample)]);
  }
  if (!existsSync(testOnly)) await write(testOnly, oldPayments());
});

describe('golden events', () => {
  it('hold every version of every type that was ever shipped', () => {
    const missing = [...eventCatalogue.values()].flatMap(({ type, version }) =>
      Array.from({ length: version }, (_, index) => fileOf(type, index + 1)).filter((file) => !existsSync(file)),
    );
    expect(missing).toEqual([]);
  });

  it('load, with intact hashes, as the events they were', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
    expect(files.length).toBeGreaterThanOrEqual(eventCatalogue.size);
    const stream = new MemoryStream({ name: 'EVENTS', clock: systemClock });
    for (const file of files) {
      for (const { subject, headers, body } of await read(join(folder, file)))
        await stream.publish({ subject, headers, data: Buffer.from(body, 'utf8'), expectedLastSubjectSeq: 0 });
    }
    const reader = new EventReader(stream, eventCatalogue);
    const { records } = await reader.page(1, 1_000);
    expect(records).toHaveLength(files.length);
    for (const record of records) {
      if (isUnknown(record)) throw new Error(JSON.stringify(record));
      const sample = samples.find(({ subject }) => subject === record.subject);
      expect(record.event).toEqual(sample?.event);
    }
    const problems = [];
    for await (const problem of verifyEvents(stream, eventCatalogue)) problems.push(problem);
    expect(problems).toEqual([]);
  });

  it('are still what this version writes for the same event', async () => {
    for (const sample of samples) {
      const { version } = eventCatalogue.get(sample.event.type)!;
      expect(await read(fileOf(sample.event.type, version, sample.variant))).toEqual([store(eventCatalogue, sample)]);
    }
  });
});

const metaOf = (label: string) => ({
  commandId: uuidv5(namespaces.command, label),
  digest: sha256Hex(label),
  actor: 'golden',
  correlationId: uuidv5(namespaces.command, `correlation of ${label}`),
  causationId: uuidv5(namespaces.command, `cause of ${label}`),
  at: '2026-11-23T10:00:00.000Z',
  configSeq: 1,
});

function store(catalogue: EventCatalogue, { subject, event, variant }: Sample): Golden {
  const label = variant === undefined ? event.type : `${event.type} ${variant}`;
  const { message } = encodeEvent(catalogue, event, metaOf(`golden ${label}`), {
    subject,
    aggregateVersion: 1,
    previousHash: genesisHash,
  });
  return { subject, headers: { ...message.headers }, body: Buffer.from(message.data).toString('utf8') };
}

/** Two events of one aggregate, as the first two versions of the test-only type wrote them. */
function oldPayments(): readonly Golden[] {
  const subject = 'evt.payments.golden';
  const written: Golden[] = [];
  for (const [definition, data] of [
    [PaidV1, { amount: 12 }],
    [PaidV2, { amount: 7, currency: 'USD' }],
  ] as const) {
    const { message } = encodeEvent(
      catalogueOf([definition]),
      { type: 'Paid', data },
      metaOf(`golden payment ${definition.version}`),
      {
        subject,
        aggregateVersion: written.length + 1,
        previousHash: written.at(-1)?.headers[header.hash] ?? genesisHash,
      },
    );
    written.push({ subject, headers: { ...message.headers }, body: Buffer.from(message.data).toString('utf8') });
  }
  return written;
}

const read = async (file: string): Promise<readonly Golden[]> =>
  JSON.parse(await readFile(file, 'utf8')) as readonly Golden[];

const write = (file: string, messages: readonly Golden[]): Promise<void> =>
  writeFile(file, `${JSON.stringify(messages, undefined, 2)}\n`);

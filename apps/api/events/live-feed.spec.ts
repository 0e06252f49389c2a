import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventCatalogue, subjects, type GovernanceEvent } from '#libs/contracts/index.js';
import { configurationDefinition } from '#libs/domain/index.js';
import { AggregateStore, EventReader, MemoryStream, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import type { PageFilter } from '#libs/event-log/index.js';
import { EventTail } from './event-tail.js';
import { liveFeed } from './live-feed.js';

let store: AggregateStore;
let tail: EventTail;
let abort: AbortController;
let changes = 0;

beforeEach(() => {
  const stream = (name: string): MemoryStream => new MemoryStream({ name, clock: systemClock });
  const events = stream('EVENTS');
  const snapshots = new SnapshotStore(stream('SNAPSHOTS'));
  store = new AggregateStore({ events, snapshots, clock: systemClock, random: Math.random });
  tail = new EventTail(new EventReader<GovernanceEvent>(events, eventCatalogue));
  abort = new AbortController();
});
afterEach(() => {
  tail.stop();
  abort.abort();
});

async function append(): Promise<number> {
  changes += 1;
  const digest = `sha256:${String(changes).padStart(64, '0')}`;
  const command = { type: 'ApplyConfiguration', digest, content: {} } as const;
  const target = subjects.configuration();
  const meta = commandMeta({ actor: 'test', call: 'test', target, body: command, at: 1, ids: randomIds });
  const outcome = await store.execute(configurationDefinition, target, command, meta);
  if (!outcome.ok) throw new Error(outcome.rejection.detail);
  return outcome.value.seq;
}

const start = (): Promise<void> =>
  tail.start((error) => {
    throw error;
  });

/** Long enough that no test sees one; the test of silence has its own. */
const never = 60_000;

const open = (fromSeq: number, filter: PageFilter = {}, heartbeatMs = never): AsyncGenerator<string> =>
  liveFeed({
    ...{ tail, fromSeq, filter, heartbeatMs, signal: abort.signal },
    ...{ expiresAt: null, clock: systemClock },
  });

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)\ndata: /gm)].map(([, id]) => Number(id));

async function nextText(feed: AsyncGenerator<string>): Promise<string> {
  const next: IteratorResult<string, unknown> = await feed.next();
  if (next.done === true) throw new Error('the feed has ended');
  return next.value;
}

/** Ids told from now on, until there are so many. */
async function ids(feed: AsyncGenerator<string>, count: number): Promise<number[]> {
  const told: number[] = [];
  while (told.length < count) told.push(...idsIn(await nextText(feed)));
  return told;
}

const upTo = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('liveFeed', () => {
  it('tells a past that is longer than a page, then what comes, each once', async () => {
    for (let count = 0; count < 450; count++) await append();
    await start();
    const feed = open(1);
    expect(await ids(feed, 450)).toEqual(upTo(1, 450));
    await append();
    await append();
    expect(await ids(feed, 2)).toEqual([451, 452]);
  });

  it('hands over from the past to the tail without a gap, wherever it begins', async () => {
    for (let count = 0; count < 5; count++) await append();
    await start();
    for (let count = 0; count < 5; count++) await append();
    await tail.until(10, never, abort.signal);
    for (const from of [1, 5, 6, 7, 10]) expect(await ids(open(from), 11 - from)).toEqual(upTo(from, 10));
  });

  it('says in silence that it is alive, and how far it has looked', async () => {
    await append();
    await append();
    await start();
    const feed = open(1, { aggregate: 'evt.model.other' }, 1);
    expect(await nextText(feed)).toContain('retry:');
    expect(await nextText(feed)).toBe(': heartbeat\nid: 2\n\n');
    await append();
    await tail.until(3, never, abort.signal);
    let text = '';
    while (!text.includes('id: 3')) text = await nextText(feed);
    expect(text).toBe(': heartbeat\nid: 3\n\n');
  });

  it('ends with its signal, also while it waits', async () => {
    await start();
    const feed = open(1);
    await nextText(feed);
    await nextText(feed);
    const waiting = feed.next();
    abort.abort();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  it("tells what came while its reader's token held, and ends with it", async () => {
    await append();
    await start();
    let now = 1_000;
    const clock = { ...systemClock, now: () => now };
    const feed = liveFeed({
      ...{ tail, fromSeq: 1, filter: {}, heartbeatMs: never, signal: abort.signal },
      ...{ expiresAt: 2_000, clock },
    });
    expect(await ids(feed, 1)).toEqual([1]);
    await append();
    now = 1_999;
    expect(await ids(feed, 1)).toEqual([2]);
    await append();
    now = 2_000;
    expect(await feed.next()).toEqual({ value: undefined, done: true });
  });

  it('ends also while it waits in silence', async () => {
    await start();
    const feed = liveFeed({
      ...{ tail, fromSeq: 1, filter: {}, heartbeatMs: never, signal: abort.signal },
      ...{ expiresAt: Date.now() + 50, clock: systemClock },
    });
    for await (const text of feed) expect(text).toMatch(/^retry:|^: heartbeat/);
    expect(abort.signal.aborted).toBe(false);
  });
});

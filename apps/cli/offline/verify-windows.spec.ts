import { expect, it } from '@jest/globals';
import { encodeWindowRecord, header, type WindowRecord } from '#libs/contracts/index.js';
import { MemoryStream } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { measured, windowClosed } from '#projections/windows/testing/records.js';
import { verifyWindows, type WindowsProblem, type WindowsSummary } from './verify-windows.js';

interface Message {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

function message(record: WindowRecord, index = 0): Message {
  const { subject, headers, data } = encodeWindowRecord(record, { seq: 1, logTime: 1_000, index });
  return { subject, headers, data };
}

async function verified(messages: readonly Message[], ends = { trafficEnd: 10_000, eventsEnd: 10_000 }) {
  const store = new MemoryStream({ name: 'WINDOWS', clock: systemClock });
  for (const each of messages) await store.publish(each);
  const { lastSeq } = await store.head();
  const seen: number[] = [];
  const generator = verifyWindows(store, lastSeq, {
    ...{ ...ends, signal: new AbortController().signal, onProgress: (seq: number) => seen.push(seq) },
  });
  const problems: WindowsProblem[] = [];
  for (;;) {
    const { value, done } = await generator.next();
    if (done === true) return { problems, summary: value satisfies WindowsSummary };
    problems.push(value);
  }
}
const codes = (problems: readonly WindowsProblem[]) => problems.map(({ code, seq }) => [code, seq]);

it('finds nothing wrong with what a monitor records', async () => {
  const other = { version: '1.1.0' };
  const { problems, summary } = await verified(
    [
      windowClosed(1),
      measured(1),
      windowClosed(2),
      windowClosed(1, other),
      measured(1, { final: true }),
      measured(2),
    ].map((record) => message(record)),
  );
  expect(problems).toEqual([]);
  expect(summary).toEqual({ lastSeq: 6, windows: 3, measurements: 3, problems: 0 });
});

it('names every broken promise once', async () => {
  const good = message(windowClosed(1));
  const { problems, summary } = await verified([
    { ...good, data: Buffer.from('{}') },
    { ...good, headers: { ...good.headers, [header.type]: 'WindowPainted' } },
    { ...good, subject: 'window.other' },
    good,
    message(windowClosed(3)),
    message(windowClosed(3)),
    message(measured(4)),
    message(measured(3, { final: true })),
    message(measured(3)),
  ]);
  expect(codes(problems)).toEqual([
    ['undecodable_record', 1],
    ['undecodable_record', 2],
    ['wrong_subject', 3],
    ['window_gap', 5],
    ['window_repeated', 6],
    ['unknown_window', 7],
    ['measured_when_final', 9],
  ]);
  expect(problems[3]!.detail).toMatch(/^window 3 of .+@1\.0\.0: expected 2$/);
  expect(summary).toMatchObject({ windows: 3, measurements: 3, problems: 7 });
});

it('names what rests on traffic and events that are not there', async () => {
  const { problems } = await verified([message(windowClosed(1)), message(measured(1))], {
    trafficEnd: 1,
    eventsEnd: 1,
  });
  expect(codes(problems)).toEqual([
    ['unknown_position', 1],
    ['unknown_position', 1],
    ['unknown_position', 2],
    ['unknown_position', 2],
  ]);
});

import type { api } from '#libs/contracts/index.js';
import type { Tally } from './api-client.js';
import type { FoundFinding } from './monitoring/findings.js';
import type { WatchedWindow } from './monitoring/windows.js';
import type { Asked } from './stream/asked.js';
import { count, quantile, span } from './text/words.js';

export interface SummaryInput {
  /** Flights that were to be asked for. */
  readonly wanted: number;
  readonly windowRows: number;
  readonly asked: Pick<Asked, 'ids' | 'labels' | 'batchMs'>;
  /** As the log has it; undefined: nothing. */
  readonly served: Pick<api.Operations, 'served' | 'failed' | 'refused' | 'latency_ms'> | undefined;
  readonly windows: readonly WatchedWindow[];
  readonly findings: readonly FoundFinding[];
  readonly tally: Tally;
}

export interface Summary {
  /** Names and values. */
  readonly rows: readonly (readonly [string, string])[];
  /** What is not as it must be. */
  readonly failures: readonly string[];
}

/** The closing table, and what of it is wrong. */
export function summaryOf(input: SummaryInput): Summary {
  const { wanted, asked, served, windows, findings, tally } = input;
  const errors = tally.errors + (served?.failed ?? 0) + (served?.refused ?? 0);
  const delays = findings.map(({ delayMs }) => delayMs);
  const open = findings.filter(({ finding }) => finding.state === 'open').length;
  const latency = served?.latency_ms ?? null;
  return {
    rows: [
      ['requests served', count(served?.served ?? 0)],
      ['errors', count(errors)],
      ['labels', count(asked.labels)],
      ['windows', count(windows.length)],
      ['findings', `${count(findings.length)} (${count(open)} open)`],
      ...(findings.length === 0
        ? []
        : [
            [
              'from traffic to finding',
              `${span(quantile(delays, 0.5))} median, ${span(Math.max(...delays))} longest`,
            ] as const,
          ]),
      [
        'request of a batch',
        `${span(quantile(asked.batchMs, 0.5))} median, ${span(quantile(asked.batchMs, 0.99))} 99 %`,
      ],
      ['latency of a prediction', latency === null ? 'none' : `${span(latency.p50)} median, ${span(latency.p99)} 99 %`],
    ],
    failures: [
      ...expected(errors === 0, `${errors} errors, expected none`),
      ...expected(served?.served === wanted, `${served?.served ?? 0} requests served, expected ${wanted}`),
      ...expected(asked.labels === wanted, `${asked.labels} labels, expected ${wanted}`),
      ...expected(
        windows.length === Math.floor(wanted / input.windowRows),
        `${windows.length} windows, expected ${Math.floor(wanted / input.windowRows)}`,
      ),
      ...windows
        .filter(({ accuracy }) => accuracy === null)
        .map(({ number }) => `window ${number} has labels and no accuracy`),
      ...expected(findings.length > 0, 'no findings, though spring is not January'),
      ...expected(delays.every(Number.isFinite), 'a finding that no event tells'),
    ],
  };
}

const expected = (holds: boolean, otherwise: string): string[] => (holds ? [] : [otherwise]);

/** A version's baseline as stored bytes, and why it may be missing. The reasons stand in findings: they are the same everywhere. */
import { baselineFormat, driftBaseline, type DriftBaseline } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';

/** A baseline has profiles and at most 5,000 rows; one that is larger is not read. */
export const mostBaselineBytes = 64 * 2 ** 20;

export const missingBaseline = {
  none: 'the version was registered without a baseline',
  format: (format: string) => `the baseline has the format ${format}: expected ${baselineFormat}`,
  notFound: (digest: string) => `the baseline ${digest} is not in the artifact store`,
  damaged: (digest: string) => `the baseline ${digest} is damaged in the artifact store`,
  tooLarge: (digest: string) => `the baseline ${digest} has more than ${mostBaselineBytes} bytes`,
  malformed: (digest: string, reason: string) => `the baseline ${digest} ${reason}`,
} as const;

/** @throws BaselineMalformed for bytes that are no baseline of version 1, naming what was expected where. */
export function parseBaseline(bytes: Uint8Array): DriftBaseline {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BaselineMalformed(`is not JSON: ${messageOf(error)}`);
  }
  const parsed = driftBaseline.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new BaselineMalformed(`does not fit: ${path.join('.') || 'the whole'}: ${message}`);
}

export class BaselineMalformed extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'BaselineMalformed';
  }
}

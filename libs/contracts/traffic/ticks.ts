/**
 * `Ticked`: silence is recorded too. The monitoring process that owns a deployment with time windows, or with a bound on
 * silence, says every minute that the log has come so far, so that a replay closes the same windows (EVENT_LOG.md 11).
 */
import { z } from 'zod';
import { messageOf, nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';
import { eventSource, header } from '../envelope.js';
import { deploymentName, subjects } from '../names.js';

export const ticked = {
  type: 'Ticked',
  version: 1,
  schema: z.object({
    deployment: deploymentName,
    /** ISO-8601. A tick that is not later than the one before it is ignored. */
    at: z.iso.datetime(),
    /** EVENTS position when it was written. */
    events_seq: z.int().nonnegative(),
  }),
} as const;
export type Ticked = z.infer<typeof ticked.schema>;

export interface TickMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  readonly messageId: string;
}

/** Version 1, JSON. @param writer tells the ticks of two writers of one instant apart. */
export function encodeTick(tick: Ticked, writer: string): TickMessage {
  const subject = subjects.ticks(tick.deployment);
  const messageId = uuidv5(namespaces.event, nameOf('tick', tick.deployment, tick.at, writer));
  return {
    subject,
    messageId,
    headers: {
      [header.id]: messageId,
      [header.type]: ticked.type,
      [header.source]: eventSource,
      [header.subject]: subject,
      [header.time]: tick.at,
      [header.specVersion]: '1.0',
      [header.eventVersion]: String(ticked.version),
    },
    data: Buffer.from(JSON.stringify(tick), 'utf8'),
  };
}

/** @throws TickMalformed for bytes that are no tick of version 1, naming what was expected where. */
export function decodeTick(data: Uint8Array): Ticked {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch (error) {
    throw new TickMalformed(`is not JSON: ${messageOf(error)}`);
  }
  const parsed = ticked.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new TickMalformed(`does not fit: ${path.join('.') || 'the whole'}: ${message}`);
}

export class TickMalformed extends Error {
  constructor(detail: string) {
    super(`a stored tick ${detail}`);
    this.name = 'TickMalformed';
  }
}

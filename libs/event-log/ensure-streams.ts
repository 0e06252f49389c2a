import type { NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';
import { StreamMismatch, StreamRefused } from './errors.js';
import { apiRequest, errorCodes } from './jetstream-api.js';
import type { StreamDeclaration } from './streams.js';

export type StreamOutcome = 'created' | 'updated' | 'unchanged';

/**
 * Brings the server's streams to their declarations, before anything is written to them: creates what is missing,
 * changes what differs. A change that would lose messages or copies of them is left to a person.
 * @returns what was done, by stream name.
 * @throws StreamMismatch naming every difference that was not applied; StreamUnavailable, StreamTimeout.
 */
export async function ensureStreams(
  connection: NatsConnection,
  declarations: readonly StreamDeclaration[],
): Promise<ReadonlyMap<string, StreamOutcome>> {
  const outcomes = new Map<string, StreamOutcome>();
  for (const declaration of declarations) outcomes.set(declaration.name, await ensureStream(connection, declaration));
  return outcomes;
}

async function ensureStream(connection: NatsConnection, declaration: StreamDeclaration): Promise<StreamOutcome> {
  const wanted = configurationOf(declaration);
  const present = await read(connection, declaration.name);
  if (present === undefined) {
    requireEqual(declaration.name, wanted, await write(connection, 'CREATE', wanted));
    return 'created';
  }
  const differences = differencesOf(wanted, present);
  if (differences.length === 0) return 'unchanged';
  const harmful = differences.filter((difference) => isHarmful(difference, wanted, present));
  if (harmful.length > 0)
    throw new StreamMismatch(
      declaration.name,
      harmful.map((name) => `${describe(name, wanted, present)} (would lose messages or copies of them)`),
    );
  requireEqual(declaration.name, wanted, await update(connection, wanted, present, differences));
  return 'updated';
}

/** JetStream's own names and units (nanoseconds; 0 or -1 = no limit). Every member is compared. */
interface StreamConfiguration {
  readonly name: string;
  readonly description: string;
  readonly subjects: readonly string[];
  readonly storage: 'file';
  readonly compression: 'none' | 's2';
  readonly retention: 'limits';
  readonly discard: 'new' | 'old';
  readonly num_replicas: number;
  readonly max_age: number;
  readonly max_bytes: number;
  readonly max_msgs: number;
  readonly max_msgs_per_subject: number;
  readonly duplicate_window: number;
  readonly allow_direct: boolean;
  readonly deny_delete: boolean;
  readonly deny_purge: boolean;
  /** Empty or 'default': a message is stored before it is acknowledged. Never 'async'. */
  readonly persist_mode: string;
}

function configurationOf(declaration: StreamDeclaration): StreamConfiguration {
  return {
    name: declaration.name,
    description: declaration.description,
    subjects: declaration.subjects,
    storage: 'file',
    compression: declaration.compression,
    retention: 'limits',
    // A full permanent stream refuses new messages rather than forget old ones.
    discard: declaration.permanent ? 'new' : 'old',
    num_replicas: declaration.replicas,
    max_age: (declaration.maxAgeMs ?? 0) * 1e6,
    max_bytes: -1,
    max_msgs: -1,
    max_msgs_per_subject: declaration.maxMessagesPerSubject ?? -1,
    duplicate_window: declaration.duplicateWindowMs * 1e6,
    allow_direct: true,
    deny_delete: declaration.permanent,
    deny_purge: declaration.permanent,
    persist_mode: 'default',
  };
}

const presentConfiguration = z.looseObject({
  name: z.string(),
  description: z.string().default(''),
  subjects: z.array(z.string()).default([]),
  storage: z.string(),
  compression: z.string().default('none'),
  retention: z.string(),
  discard: z.string(),
  num_replicas: z.int(),
  max_age: z.number().default(0),
  max_bytes: z.number().default(-1),
  max_msgs: z.number().default(-1),
  max_msgs_per_subject: z.number().default(-1),
  duplicate_window: z.number().default(0),
  allow_direct: z.boolean().default(false),
  deny_delete: z.boolean().default(false),
  deny_purge: z.boolean().default(false),
  persist_mode: z.string().default('default'),
});
type PresentConfiguration = z.infer<typeof presentConfiguration>;

const streamAnswer = z.object({ config: presentConfiguration });

const timeoutMs = 5_000;

async function read(connection: NatsConnection, name: string): Promise<PresentConfiguration | undefined> {
  try {
    const { config } = await apiRequest(connection, `$JS.API.STREAM.INFO.${name}`, {}, streamAnswer, {
      timeoutMs,
      what: `state of stream ${name}`,
    });
    return config;
  } catch (error) {
    if (error instanceof StreamRefused && error.errorCode === errorCodes.streamNotFound) return undefined;
    throw error;
  }
}

async function write(
  connection: NatsConnection,
  verb: 'CREATE' | 'UPDATE',
  configuration: object & { readonly name: string },
): Promise<PresentConfiguration> {
  const { name } = configuration;
  const answer = await apiRequest(connection, `$JS.API.STREAM.${verb}.${name}`, configuration, streamAnswer, {
    timeoutMs,
    what: `${verb.toLowerCase()} stream ${name}`,
  });
  return answer.config;
}

/** What the server holds beyond the declaration (placement, metadata) stays as it is. */
async function update(
  connection: NatsConnection,
  wanted: StreamConfiguration,
  present: PresentConfiguration,
  differences: readonly Member[],
): Promise<PresentConfiguration> {
  try {
    return await write(connection, 'UPDATE', { ...present, ...wanted });
  } catch (error) {
    if (!(error instanceof StreamRefused)) throw error;
    throw new StreamMismatch(wanted.name, [
      ...differences.map((name) => describe(name, wanted, present)),
      `the server says: ${error.reason}`,
    ]);
  }
}

function requireEqual(stream: string, wanted: StreamConfiguration, present: PresentConfiguration): void {
  const differences = differencesOf(wanted, present);
  if (differences.length > 0)
    throw new StreamMismatch(
      stream,
      differences.map((name) => describe(name, wanted, present)),
    );
}

type Member = keyof StreamConfiguration;

const differencesOf = (wanted: StreamConfiguration, present: PresentConfiguration): Member[] =>
  (Object.keys(wanted) as Member[]).filter((name) => form(wanted[name]) !== form(present[name]));

const form = (value: StreamConfiguration[Member] | PresentConfiguration[Member]): string =>
  JSON.stringify(Array.isArray(value) ? [...value].sort() : value);

const describe = (name: Member, wanted: StreamConfiguration, present: PresentConfiguration): string =>
  `${name} is ${form(present[name])}, declared ${form(wanted[name])}`;

/** Fewer copies, or limits that make the server drop what it holds. */
function isHarmful(name: Member, wanted: StreamConfiguration, present: PresentConfiguration): boolean {
  const tighter = (limit: number, before: number): boolean => limit > 0 && (before <= 0 || limit < before);
  switch (name) {
    case 'num_replicas':
      return wanted.num_replicas < present.num_replicas;
    case 'max_age':
      return tighter(wanted.max_age, present.max_age);
    case 'max_msgs_per_subject':
      return tighter(wanted.max_msgs_per_subject, present.max_msgs_per_subject);
    case 'subjects':
      return present.subjects.some((subject) => !wanted.subjects.includes(subject));
    default:
      return false;
  }
}

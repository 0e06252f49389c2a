/** What clients were told, held against the log: every answer is in TRAFFIC, once, with the very output it was given. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import {
  decodeChunk,
  header,
  predictionsRecorded,
  type Arm,
  type Chunk,
  type Signature,
} from '#libs/contracts/index.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { streamNames } from '#config/streams.js';
import { placeOf } from '#apps/api/why/prediction-place.js';
import { isAt, outcomeOf, outputsOf, recordedRow } from '#apps/api/why/recorded-row.js';
import { connectionOf } from '#tests/support/nats.js';
import type { PlatformHandle } from '#tests/support/platform.js';
import type { Answer } from './ledger.js';

export interface CheckedAnswers {
  /** Answers that the log, or `why`, does not know, or tells differently. */
  readonly lost: readonly string[];
  /** Prediction ids that were given to more than one request, and answered requests that are recorded more than once. */
  readonly doubled: readonly string[];
}

type Platform = Pick<PlatformHandle, 'url' | 'dataDir'>;

/** Answers for which `why` is asked as well, spread evenly over all of them. */
const askedOverHttp = 500;

/** Reads TRAFFIC once, in order, and looks every answer up in it; asks `why` about a sample. */
export async function checkAnswers(platform: Platform, answers: readonly Answer[]): Promise<CheckedAnswers> {
  const inLog = await lookUp(answers, recordedChunks(platform), signaturesFrom(platform.url));
  const sample = sampleOf(answers, askedOverHttp);
  return {
    lost: [...inLog.lost, ...(await asked(platform.url, sample))],
    doubled: inLog.doubled,
  };
}

/** A chunk of TRAFFIC where it is stored. */
export interface StoredChunk {
  readonly seq: number;
  readonly chunk: Chunk;
}

/** Of a version that answered; without it outputs are flat. */
export type SignatureOf = (arm: Arm) => Promise<Signature | undefined>;

/** What the chunks, all of them and in order, say of the answers; `why` is not asked. */
export async function lookUp(
  answers: readonly Answer[],
  chunks: AsyncIterable<StoredChunk> | Iterable<StoredChunk>,
  signatureOf: SignatureOf,
): Promise<CheckedAnswers> {
  const bySeq = new Map<number, Answer[]>();
  const missing = new Set(answers);
  for (const answer of answers) {
    const place = placeOf(answer.predictionId);
    if (place?.by !== 'sequence') continue;
    const there = bySeq.get(place.seq);
    if (there === undefined) bySeq.set(place.seq, [answer]);
    else there.push(answer);
  }
  const wanted = new Set(answers.map(({ requestId }) => requestId));
  const recordedAt = new Map<string, string>();
  const lost: string[] = [];
  const doubled = givenTwice(answers);
  for await (const { seq, chunk } of chunks) {
    for (const [row, requestId] of (chunk.requestIds ?? []).entries()) {
      if (requestId === undefined || !wanted.has(requestId)) continue;
      // A chunk that was stored again has the identity of the first.
      const at = `${chunk.schema.epoch} ${chunk.counter} ${row}`;
      const before = recordedAt.get(requestId) ?? at;
      recordedAt.set(requestId, at);
      if (before !== at) doubled.push(`${requestId} is recorded at ${before} and at ${at}`);
    }
    for (const answer of bySeq.get(seq) ?? []) {
      missing.delete(answer);
      const found = await foundIn(chunk, answer, signatureOf);
      if (found !== 'as it was given') lost.push(`${named(answer)}: sequence ${seq} has ${found}`);
    }
  }
  return { lost: [...lost, ...[...missing].map((answer) => `${named(answer)}: not in the log`)], doubled };
}

async function foundIn(chunk: Chunk, answer: Answer, signatureOf: SignatureOf): Promise<string> {
  const place = placeOf(answer.predictionId);
  if (place === undefined || !isAt(place, chunk)) return 'another chunk';
  const arm = chunk.schema.arms[chunk.arm[place.row] ?? -1];
  if (arm === undefined) return 'a row of no version';
  const signature = await signatureOf(arm);
  const same =
    outcomeOf(chunk, place.row) === 'served' &&
    chunk.requestIds?.[place.row] === answer.requestId &&
    arm.version === answer.version &&
    JSON.stringify(outputsOf(chunk, signature)(place.row)) === JSON.stringify(answer.output);
  return same ? 'as it was given' : JSON.stringify(recordedRow(chunk, place.row, signature)).slice(0, 300);
}

/** The chunks of TRAFFIC with their sequences, as far as it goes now. */
async function* recordedChunks({ dataDir }: Platform): AsyncGenerator<StoredChunk> {
  const run = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { nats_url: string };
  const connection = await connect(connectionOf(run.nats_url));
  try {
    const traffic = new JetStreamStore({ connection, stream: streamNames.traffic });
    const { lastSeq } = await traffic.head();
    for (let next = 1; next <= lastSeq;) {
      const messages = await traffic.readFrom(next, pageSize, 'leader');
      if (messages.length === 0) throw new Error(`TRAFFIC ends at ${next - 1}, not at ${lastSeq}`);
      for (const { seq, headers, data } of messages)
        if (headers.get(header.type) === predictionsRecorded.type) yield { seq, chunk: decodeChunk(data) };
      next = messages.at(-1)!.seq + 1;
    }
  } finally {
    await connection.close();
  }
}

const pageSize = 500;

/** As registered: they tell the shapes of outputs. Each is asked for once. */
function signaturesFrom(url: string): SignatureOf {
  const known = new Map<string, Promise<Signature>>();
  return ({ model, version }) => {
    const path = `/api/models/${model}/versions/${version}`;
    let signature = known.get(path);
    if (signature === undefined) known.set(path, (signature = askSignature(url + path)));
    return signature;
  };
}

async function askSignature(address: string): Promise<Signature> {
  const response = await fetch(address);
  if (response.status !== 200) throw new Error(`GET ${address}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { signature: Signature }).signature;
}

/** At most so many, the first and the last among them. */
function sampleOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.round((index * (all.length - 1)) / (most - 1))]!);
}

function givenTwice(answers: readonly Answer[]): string[] {
  const seen = new Set<string>();
  return answers
    .filter(({ predictionId }) => seen.size === seen.add(predictionId).size)
    .map(({ predictionId }) => `${predictionId} was given twice`);
}

/** What `why` does not tell as it was given. */
async function asked(url: string, answers: readonly Answer[]): Promise<string[]> {
  const lost: string[] = [];
  let next = 0;
  const check = async (): Promise<void> => {
    for (let answer = answers[next++]; answer !== undefined; answer = answers[next++]) {
      const response = await fetch(`${url}/api/why/${answer.predictionId}`);
      const story = (await response.json()) as {
        request?: { request_id?: string };
        output?: unknown;
        version?: string;
      };
      const same =
        response.status === 200 &&
        story.request?.request_id === answer.requestId &&
        story.version === answer.version &&
        JSON.stringify(story.output) === JSON.stringify(answer.output);
      if (!same) lost.push(`${named(answer)}: why tells ${response.status} ${JSON.stringify(story).slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, check));
  return lost;
}

const named = ({ predictionId, requestId }: Answer): string => `${predictionId} (${requestId})`;

import { describe, expect, it } from '@jest/globals';
import { rejection } from '#libs/contracts/index.js';
import { deploymentDefinition, type DeploymentCommand, type VersionState } from '#libs/domain/index.js';
import { AggregateStore, MemoryStream, SnapshotStore, StreamMovedOn } from '#libs/event-log/index.js';
import { accept, idSource, reject, systemClock } from '#libs/kernel/index.js';
import { acceptedOrThrow, commandMeta, executeCommand, ProblemException, type CommandMetaInput } from './index.js';

let counter = 0;
const ids = idSource((size) => new Uint8Array(size).fill((counter += 1)));
const input: CommandMetaInput = {
  ...{ actor: 'ann', call: 'POST /api/deploy', target: 'checkout', idempotencyKey: 'k1' },
  ...{ body: { model: 'fraud@1.0.0', a: 1 }, at: Date.UTC(2026, 10, 23), ids },
};

describe('commandMeta', () => {
  it('gives a repeat the same id and digest, whatever the order of the fields and the time', () => {
    const first = commandMeta(input);
    const repeat = commandMeta({ ...input, body: { a: 1, model: 'fraud@1.0.0' }, at: input.at + 5 });
    expect(repeat).toMatchObject({ commandId: first.commandId, digest: first.digest });
    expect(first.correlationId).toBe(first.commandId);
    expect(first.at).toBe('2026-11-23T00:00:00.000Z');
    expect(first.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each([
    ['actor', { actor: 'bob' }],
    ['call', { call: 'POST /api/models' }],
    ['target', { target: 'other' }],
    ['key', { idempotencyKey: 'k2' }],
    ['parts that join to the same text', { call: 'POST /api/deployc', target: 'heckout' }],
  ])('scopes a key to its %s', (_what, other) => {
    expect(commandMeta({ ...input, ...other }).commandId).not.toBe(commandMeta(input).commandId);
  });

  it('tells another body by its digest under the same id', () => {
    const other = commandMeta({ ...input, body: { model: 'fraud@1.1.0', a: 1 } });
    expect(other.commandId).toBe(commandMeta(input).commandId);
    expect(other.digest).not.toBe(commandMeta(input).digest);
  });

  it('gives every command without a key an id of its own', () => {
    const without = { ...input, idempotencyKey: undefined };
    expect(commandMeta(without).commandId).not.toBe(commandMeta(without).commandId);
  });

  it('carries configuration, trace and cause, and leaves absent ones out', () => {
    expect(Object.keys(commandMeta(input))).not.toContain('configSeq');
    const given = { configSeq: 4, traceparent: '00-1-2-01', correlationId: 'c', causationId: 'e' };
    expect(commandMeta({ ...input, ...given })).toMatchObject(given);
  });
});

describe('acceptedOrThrow', () => {
  it('gives the value, or throws the refusal as it is', () => {
    expect(acceptedOrThrow(accept(3))).toBe(3);
    const refusal = rejection('version_exists', 'fraud has a version 1.0.0');
    expect(() => acceptedOrThrow(reject(refusal))).toThrow(ProblemException);
    expect(() => acceptedOrThrow(reject(refusal))).toThrow('version_exists: fraud has a version 1.0.0');
  });

  it('names the header of a key that was used with another body', () => {
    const conflict = rejection('idempotency_conflict', 'command c is recorded with another body');
    expect(() => acceptedOrThrow(reject(conflict))).toThrow(
      expect.objectContaining({
        rejection: { ...conflict, errors: [expect.objectContaining({ path: 'header Idempotency-Key' })] },
      }),
    );
  });
});

describe('executeCommand', () => {
  const events = new MemoryStream({ name: 'EVENTS', clock: systemClock });
  const snapshots = new SnapshotStore(
    new MemoryStream({ name: 'SNAPSHOTS', clock: systemClock, lastPerSubject: true }),
  );
  const store = new AggregateStore({ events, snapshots, clock: systemClock, random: () => 0 });
  const retire = (deployment: string, reason: string, seenThrough?: number) => {
    const command: DeploymentCommand = { type: 'Retire', deployment, reason };
    const meta = commandMeta({ ...input, body: command, target: deployment });
    return executeCommand(store, deploymentDefinition, { id: deployment, command, meta, seenThrough });
  };
  const problemOf = async (execution: Promise<unknown>): Promise<unknown> => {
    const thrown: unknown = await execution.catch((error: unknown) => error);
    if (!(thrown instanceof ProblemException)) throw new Error('expected a ProblemException', { cause: thrown });
    return thrown.rejection;
  };

  it('throws a refusal with the position of the log on which it rests', async () => {
    expect(await problemOf(retire('nothing', 'gone'))).toMatchObject({ code: 'deployment_not_found', as_of_seq: 0 });
    const { lastSeq } = await request('live');
    expect(await retire('live', 'gone')).toMatchObject({ seq: lastSeq + 1, repeated: false });
    expect(await problemOf(retire('live', 'another reason'))).toMatchObject({
      code: 'idempotency_conflict',
      as_of_seq: lastSeq + 1,
      errors: [expect.objectContaining({ path: 'header Idempotency-Key' })],
    });
  });

  it('passes the guard on', async () => {
    const { lastSeq } = await request('guarded');
    await request('another');
    await expect(retire('guarded', 'gone', lastSeq)).rejects.toBeInstanceOf(StreamMovedOn);
    expect(await retire('guarded', 'gone', lastSeq + 1)).toMatchObject({ seq: lastSeq + 2 });
  });

  /** Something to retire, and the log's last sequence behind it. */
  async function request(deployment: string) {
    const meta = commandMeta({ ...input, target: deployment, call: 'first' });
    const state: VersionState = {
      ...{ version: '1.0.0', artifact: `sha256:${'ab'.repeat(32)}`, stage: 'development', archived: false },
      ...{ registered_by: 'ann', description: null, tags: {}, metrics: {}, requests: [], reviews: [], evaluations: [] },
      rolled_back_seq: 0,
      signature: {
        inputs: [{ name: 'X', type: 'float32', shape: [null, 1] }],
        outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
        features: [{ name: 'amount', type: 'float32', nullable: false, input: 'X', index: 0 }],
      },
    };
    const command: DeploymentCommand = {
      ...{ type: 'Deploy', commandId: meta.commandId, deployment },
      model: { name: 'fraud', seq: 1, selector: '1.0.0', state },
      defaults: {
        environment: 'development',
        recording: 'acknowledged',
        loadTimeoutS: 1,
        blueGreen: { warmupRequests: 3, keepOldS: 60 },
      },
    };
    await executeCommand(store, deploymentDefinition, { id: deployment, command, meta });
    return events.head();
  }
});

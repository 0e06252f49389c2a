import { describe, expect, it } from '@jest/globals';
import { rejection } from '#libs/contracts/index.js';
import { accept, idSource, reject } from '#libs/kernel/index.js';
import { acceptedOrThrow, commandMeta, ProblemException, type CommandMetaInput } from './index.js';

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

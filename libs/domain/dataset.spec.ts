import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventCatalogue, type ColumnSchema, type DatasetEvent, type Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import { dataset, datasetDefinition, findDatasetVersion, type DatasetState, type RegisterDataset } from './dataset.js';
import { digest } from './fixtures/training-job.js';

const by = { actor: 'ada', at: '2026-11-23T12:00:00.000Z' };
const age: ColumnSchema = { name: 'age', type: 'integer', nullable: false };
const left: ColumnSchema = { name: 'left', type: 'boolean', nullable: false };

const register = (bytes: number, columns: ColumnSchema[] = [age, left]): RegisterDataset => ({
  type: 'RegisterDataset',
  registration: {
    ...{ name: 'churn', digest: digest(bytes), source: { uri: 'churn.csv' }, format: 'csv' },
    ...{ bytes: 100, rows: 10, profile: digest(1000 + bytes), description: null },
    schema: { columns },
  },
});

function play(...commands: RegisterDataset[]): { outcomes: Result<DatasetEvent, Rejection>[]; state: DatasetState } {
  let state = dataset.initialState;
  const outcomes = commands.map((command, index) => {
    const outcome = dataset.decide(command, state, by);
    if (outcome.ok) state = dataset.evolve(state, outcome.value, { ...by, seq: index + 1 });
    return outcome;
  });
  return { outcomes, state };
}

const versionsOf = (...commands: RegisterDataset[]): string[] =>
  play(...commands).outcomes.map((outcome) => (outcome.ok ? outcome.value.data.version : outcome.rejection.code));

describe('a data set', () => {
  it('records what was registered, under the version it gets', () => {
    const { outcomes, state } = play(register(1));
    expect(outcomes).toEqual([
      {
        ok: true,
        value: { type: 'DatasetVersionRegistered', data: { ...register(1).registration, version: '1.0.0' } },
      },
    ]);
    expect(state.versions).toMatchObject([{ version: '1.0.0', digest: digest(1), rows: 10, format: 'csv' }]);
  });

  it('counts minor for other bytes of the same schema, and major for another schema', () => {
    const nullable = { ...age, nullable: true };
    expect(
      versionsOf(
        ...[register(1), register(2), register(3), register(3, [nullable, left])],
        ...[register(4, [nullable, left]), register(4, [left, nullable]), register(5), register(6)],
      ),
    ).toEqual(['1.0.0', '1.1.0', '1.2.0', '2.0.0', '2.1.0', '3.0.0', '4.0.0', '4.1.0']);
  });

  it('is not changed by the bytes and schema that its newest version has', () => {
    const { outcomes } = play(register(1), register(1));
    expect(outcomes[1]).toEqual({
      ok: false,
      rejection: { code: 'no_change', detail: 'churn@1.0.0 has these bytes and this schema already' },
    });
    const elsewhere = { ...register(1).registration, source: { artifact: digest(1) } };
    expect(versionsOf(register(1), { type: 'RegisterDataset', registration: elsewhere })).toEqual([
      '1.0.0',
      'no_change',
    ]);
  });

  it('may return to bytes that it had before', () => {
    expect(versionsOf(register(1), register(2), register(1))).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  it('is found by version, or as its newest', () => {
    const { state } = play(register(1), register(2));
    expect(findDatasetVersion(state, '1.0.0')).toMatchObject({ digest: digest(1) });
    expect(findDatasetVersion(state, null)).toMatchObject({ version: '1.1.0', digest: digest(2) });
    expect(findDatasetVersion(state, '9.0.0')).toBeUndefined();
    expect(findDatasetVersion(dataset.initialState, null)).toBeUndefined();
  });

  it('after any registrations: versions rise and are unique, neighbours differ, events can be stored, snapshots are whole', () => {
    const anyColumns = fc.constantFrom<ColumnSchema[]>([age], [age, left], [left, age]);
    const anyCommand = fc.tuple(fc.nat(2), anyColumns).map(([bytes, columns]) => register(bytes, columns));
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 20 }), (commands) => {
        const { outcomes, state } = play(...commands);
        const events = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
        for (const { type, data } of events)
          expect(eventCatalogue.get(type)!.schema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
        const numbers = state.versions.map(({ version }) => {
          const [major = 0, minor = 0, patch] = version.split('.').map(Number);
          expect(patch).toBe(0);
          return major * 1000 + minor;
        });
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        for (const [index, { version, digest: bytes, schema }] of state.versions.entries()) {
          const before = state.versions[index - 1];
          if (before === undefined) continue;
          const [major, former] = [version, before.version].map((each) => each.split('.')[0]);
          expect(major === former).toBe(schema === before.schema);
          expect(bytes !== before.digest || schema !== before.schema).toBe(true);
        }
        const { encode, decode } = datasetDefinition.snapshot;
        expect(decode(JSON.parse(JSON.stringify(encode(state))))).toEqual(state);
      }),
    );
  });
});

/**
 * 500 promotions of one model at once, from four processes' worth of stores on connections of their own. What holds is
 * read from the log alone, with a fold that shares nothing with the domain's, and each refusal is decided again.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import fc from 'fast-check';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { configurationFiles, eventCatalogue, type GovernanceEvent, type RecordedEvent } from '#libs/contracts/index.js';
import { championOf, modelDefinition, type ModelCommand, type ModelState } from '#libs/domain/index.js';
import {
  AggregateStore,
  ensureStreams,
  EventReader,
  isUnknown,
  JetStreamStore,
  SnapshotStore,
  verifyEvents,
} from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';

const model = 'contended';
const processes = 4;
const promotions = 500;

const policies = configurationFiles.parse({
  pipeline: { registry: { promotion: { production: { approvals: 1, four_eyes: true } } } },
}).pipeline.registry.promotion;

const approved = ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'];
/** In staging, and nobody has approved it. */
const unapproved = '2.0.0';
/** In development: nothing here promotes it to staging. */
const undeveloped = '3.0.0';

type Promote = Extract<ModelCommand, { type: 'Promote' }>;
interface Settled {
  readonly command: Promote;
  readonly meta: ReturnType<typeof metaOf>;
  readonly outcome: Awaited<ReturnType<typeof execute>>;
}

let server: NatsHandle;
let connections: NatsConnection[];
let stores: AggregateStore[];
let settled: Settled[];
let log: RecordedEvent<GovernanceEvent>[];

beforeAll(async () => {
  server = await startNats();
  connections = await Promise.all(Array.from({ length: processes }, () => connect(server.connection)));
  await ensureStreams(connections[0]!, streamDeclarations(1));
  stores = connections.map(storeOn);
  await prepare(stores[0]!);
  settled = await Promise.all(
    fc.sample(promotion, { numRuns: promotions, seed: 20_261_123 }).map(async (command, index) => {
      const process = index % processes;
      const meta = metaOf(`process-${process}`, command);
      return { command, meta, outcome: await execute(stores[process]!, command, meta) };
    }),
  );
  await Promise.all(stores.map((store) => store.idle()));
  log = await readLog(connections[0]!);
}, 120_000);

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await server.stop();
});

describe('500 promotions of one model at once', () => {
  it('leave exactly one champion at every sequence after the first promotion to production', () => {
    const stages = new Map<string, string>();
    let champion: string | null = null;
    let moves = 0;
    for (const { event } of log) {
      if (event.type === 'VersionRegistered') stages.set(event.data.version, 'development');
      if (event.type === 'VersionPromoted') {
        expect(stages.get(event.data.version)).toBe(event.data.from);
        stages.set(event.data.version, event.data.to);
        if (event.data.to === 'production') {
          expect(event.data.demoted).toBe(champion);
          if (champion !== null) stages.set(champion, 'staging');
          champion = event.data.version;
          moves += 1;
        }
      }
      const inProduction = [...stages].filter(([, stage]) => stage === 'production').map(([version]) => version);
      expect(inProduction).toEqual(champion === null ? [] : [champion]);
    }
    expect(moves).toBeGreaterThan(processes);
  });

  it('have contiguous versions and a whole chain, and each accepted command exactly one event', async () => {
    expect(log.map(({ aggregateVersion }) => aggregateVersion)).toEqual(log.map((_, index) => index + 1));
    const problems = [];
    const events = new JetStreamStore({ connection: connections[0]!, stream: streamNames.events });
    for await (const problem of verifyEvents(events, eventCatalogue)) problems.push(problem);
    expect(problems).toEqual([]);

    const accepted = settled.flatMap(({ meta, outcome }) =>
      outcome.ok ? [`${outcome.value.seq} ${meta.commandId}`] : [],
    );
    const recorded = log
      .filter(({ meta }) => meta.actor.startsWith('process-'))
      .map(({ seq, meta }) => `${seq} ${meta.commandId}`);
    expect(accepted.sort()).toEqual(recorded.sort());
    expect(new Set(recorded).size).toBe(recorded.length);
  });

  it('are refused only for what held at the position that the refusal names', () => {
    const states = statesOf(log);
    const codes = new Set<string>();
    for (const { command, meta, outcome } of settled) {
      if (outcome.ok) continue;
      const state = states.get(outcome.seq);
      if (state === undefined) throw new Error(`a refusal rests on ${outcome.seq}, where the model has no event`);
      const again = modelDefinition.decider.decide(command, state, meta);
      expect(again).toEqual({ ok: false, rejection: outcome.rejection });
      codes.add(outcome.rejection.code);
    }
    expect([...codes].sort()).toEqual(['champion_moved', 'no_change', 'policy_not_met', 'stage_order']);
  });

  it('were contended: each process appended among the others, and refusals rest on many different positions', () => {
    const actors = log.map(({ meta }) => meta.actor).filter((actor) => actor.startsWith('process-'));
    expect(new Set(actors).size).toBe(processes);
    const turns = actors.filter((actor, index) => index > 0 && actor !== actors[index - 1]).length;
    expect(turns).toBeGreaterThan(processes);
    const positions = new Set(settled.flatMap(({ outcome }) => (outcome.ok ? [] : [outcome.seq])));
    expect(positions.size).toBeGreaterThan(processes);
  });

  it('end in the state that every process and a fresh one read', async () => {
    const expected = statesOf(log).get(log.at(-1)!.seq);
    for (const store of [...stores, storeOn(connections[0]!)]) {
      const { state, version } = await store.load(modelDefinition, model, { consistency: 'leader' });
      expect(state).toEqual(expected);
      expect(version).toBe(log.length);
    }
    expect(championOf(expected!)).not.toBeNull();
  });
});

/** Mostly what can succeed; the rest in every way that can fail. */
const promotion = fc.oneof(
  { weight: 6, arbitrary: promoting(fc.constantFrom(...approved), 'production') },
  { weight: 3, arbitrary: promoting(fc.constantFrom(...approved), 'production', fc.constantFrom(...approved)) },
  { weight: 1, arbitrary: promoting(fc.constantFrom(...approved), 'production', fc.constant(null)) },
  { weight: 1, arbitrary: promoting(fc.constantFrom(...approved), 'staging') },
  { weight: 1, arbitrary: promoting(fc.constant(unapproved), 'production') },
  { weight: 1, arbitrary: promoting(fc.constant(undeveloped), 'production') },
);

function promoting(
  version: fc.Arbitrary<string>,
  to: Promote['to'],
  ifChampion?: fc.Arbitrary<string | null>,
): fc.Arbitrary<Promote> {
  const reason = fc.constantFrom('better', 'cheaper');
  const command = fc
    .record({ version, reason })
    .map((drawn) => ({ ...drawn, type: 'Promote' as const, model, to, policies }));
  if (ifChampion === undefined) return command;
  return fc.tuple(command, ifChampion).map(([drawn, champion]) => ({ ...drawn, ifChampion: champion }));
}

async function prepare(store: AggregateStore): Promise<void> {
  const staged = [...approved, unapproved];
  const commands: (readonly [string, ModelCommand])[] = [
    ...[...staged, undeveloped].map((version) => ['ann', register(version)] as const),
    ...staged.map((version) => ['ann', promote(version, 'staging')] as const),
    ...approved.map(
      (version) => ['bob', { type: 'Approve', model, version, to: 'production', reason: 'seen', policies }] as const,
    ),
  ];
  for (const [actor, command] of commands) {
    const outcome = await execute(store, command, metaOf(actor, command));
    if (!outcome.ok) throw new Error(`${command.type}: ${outcome.rejection.detail}`);
  }
}

const register = (version: string): ModelCommand => ({
  type: 'RegisterVersion',
  registration: {
    ...{ model, version, artifact: `sha256:${'ab'.repeat(32)}`, size: 1, tags: {}, metrics: {}, lineage: {} },
    signature: {
      inputs: [{ name: 'X', type: 'float32', shape: [null, 1] }],
      outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
      features: [{ name: 'amount', type: 'float32', nullable: false, input: 'X', index: 0 }],
    },
  },
});

const promote = (version: string, to: Promote['to']): Promote => ({
  ...{ type: 'Promote', model, version, to, reason: 'first', policies },
});

function metaOf(actor: string, body: ModelCommand) {
  const at = systemClock.now();
  return commandMeta({ ...{ actor, call: body.type, target: model, body, at }, ids: randomIds });
}

function execute(store: AggregateStore, command: ModelCommand, meta: ReturnType<typeof metaOf>) {
  return store.execute(modelDefinition, model, command, meta);
}

const storeOn = (connection: NatsConnection): AggregateStore =>
  new AggregateStore({
    events: new JetStreamStore({ connection, stream: streamNames.events }),
    snapshots: new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots })),
    clock: systemClock,
    random: Math.random,
    // 125 commands wait in each store behind one another.
    settleWithinMs: 100_000,
  });

async function readLog(connection: NatsConnection): Promise<RecordedEvent<GovernanceEvent>[]> {
  const reader = new EventReader<GovernanceEvent>(
    new JetStreamStore({ connection, stream: streamNames.events }),
    eventCatalogue,
  );
  const read: RecordedEvent<GovernanceEvent>[] = [];
  for (let from: number | undefined = 1; from !== undefined;) {
    const page = await reader.page(from, 500);
    for (const record of page.records) {
      if (isUnknown(record)) throw new Error(JSON.stringify(record));
      read.push(record);
    }
    from = page.nextSeq;
  }
  return read;
}

/** The model's state at each of its events. */
function statesOf(records: readonly RecordedEvent<GovernanceEvent>[]): ReadonlyMap<number, ModelState> {
  const states = new Map<number, ModelState>();
  let state: ModelState = modelDefinition.decider.initialState;
  for (const { seq, event, meta } of records) {
    state = modelDefinition.decider.evolve(state, event as Parameters<typeof modelDefinition.decider.evolve>[1], {
      seq,
      actor: meta.actor,
      at: meta.at,
    });
    states.set(seq, state);
  }
  return states;
}
